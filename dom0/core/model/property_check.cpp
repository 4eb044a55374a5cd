// What may be stored in a property. Every text that later reaches a machine, a guest's environment or a command line passes here.
#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "base/number.h"
#include "dom0/core/model/property.h"
#include "dom0/core/model/qube_network.h"

namespace bh::dom0 {

namespace {

Failure<admin::Exception> bad(PropertySpec const& spec, std::string const& why) {
  return Failure{admin::Exception{"QubesPropertyValueError", "bad value for " + std::string(spec.name) + ": " + why}};
}

std::optional<std::string> parse_bool(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (auto const* yes : {"1", "yes", "true", "on"}) if (lower == yes) return "True";
  for (auto const* no : {"0", "no", "false", "off"}) if (lower == no) return "False";
  return std::nullopt;
}

struct Range { std::string_view name; std::uint64_t low, high; std::string_view unit; };
constexpr std::array kRanges{
    Range{"memory", 64, 1U << 20U, "MiB"},           Range{"maxmem", 0, 1U << 20U, "MiB"}, Range{"vcpus", 1, 64, "processors"},
    Range{"qrexec_timeout", 1, 86400, "seconds"},    Range{"shutdown_timeout", 1, 86400, "seconds"},
    Range{"default_qrexec_timeout", 1, 86400, "seconds"}, Range{"default_shutdown_timeout", 1, 86400, "seconds"},
    Range{"stats_interval", 1, 3600, "seconds"},
};

Result<std::string, admin::Exception> check_number(PropertySpec const& spec, std::string_view text) {
  auto const* const range = std::find_if(kRanges.begin(), kRanges.end(), [&](Range const& r) { return r.name == spec.name; });
  if (range == kRanges.end()) return bad(spec, "it cannot be set");
  auto const value = parse_decimal(text, range->high);
  if (!value || *value < range->low) {
    return bad(spec, "a whole number of " + std::string(range->unit) + " from " + std::to_string(range->low) + " to " + std::to_string(range->high) + " is needed");
  }
  return std::to_string(*value);
}

bool is_user_name(std::string_view text) {
  if (text.empty() || text.size() > 32 || !((text[0] >= 'a' && text[0] <= 'z') || text[0] == '_')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; });
}

// GUARD: it travels in guest.env and into xkbcommon, so it holds nothing else than names of layouts.
bool is_layout(std::string_view text) {
  return text.size() <= 120 && std::count(text.begin(), text.end(), '+') == 2 && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == ',' || c == '_' || c == '-' || c == ':' || c == '.';
  });
}

Result<std::string, admin::Exception> check_text(PropertySpec const& spec, std::string_view text) {
  if (spec.name == "default_user" && !is_user_name(text)) return bad(spec, "a user name of lower-case letters, digits, '_' and '-' is needed");
  if (spec.name == "keyboard_layout" && !is_layout(text)) return bad(spec, "layout+variant+options is needed, for instance de+nodeadkeys+");
  if (spec.name == "mac") {
    if (auto const objection = objection_to_mac(text)) return bad(spec, *objection);
  }
  return std::string(text);
}

Result<std::string, admin::Exception> check_reference(Inventory const& inventory, Qube const* qube, PropertySpec const& spec, std::string_view text) {
  if (text.empty() || text == "None") {
    if (spec.name == "template") return bad(spec, "a qube of this class needs a template");
    return std::string();
  }
  Qube const* const other = inventory.find(text);
  if (other == nullptr) return Failure{admin::Exception{"QubesVMNotFoundError", "there is no qube named " + std::string(text)}};
  if (qube != nullptr && other->name == qube->name && spec.name != "default_dispvm") return bad(spec, "a qube cannot refer to itself");
  if (spec.name == "netvm" || spec.name == "default_netvm") {
    if (qube != nullptr && (qube->klass == QubeClass::template_qube || qube->klass == QubeClass::admin)) return bad(spec, "templates and dom0 have no network card");
    if (auto const objection = objection_to_netvm(inventory, qube, *other)) return bad(spec, *objection);
  }
  bool const of_disposable = qube != nullptr && qube->klass == QubeClass::disposable && spec.name == "template";
  if (of_disposable && value_of(inventory, *other, "template_for_dispvms") != "True") {
    return bad(spec, std::string(text) + " is no template for disposables (its template_for_dispvms is not True)");
  }
  if (!of_disposable && (spec.name == "template" || spec.name == "default_template") && other->klass != QubeClass::template_qube) {
    return bad(spec, std::string(text) + " is not a template");
  }
  if (spec.name.ends_with("dispvm") && value_of(inventory, *other, "template_for_dispvms") != "True") {
    return bad(spec, std::string(text) + " is no template for disposables (its template_for_dispvms is not True)");
  }
  if ((spec.name.ends_with("guivm") || spec.name.ends_with("audiovm")) && other->klass != QubeClass::admin) {
    return bad(spec, "only dom0 can serve as that in this version");
  }
  return std::string(text);
}

}  // namespace

Result<std::string, admin::Exception> check_value(Inventory const& inventory, Qube const* qube, PropertySpec const& spec, std::string_view text) {
  if (!spec.settable) return Failure{admin::Exception{"QubesPropertyValueError", std::string(spec.name) + " cannot be set: " + std::string(spec.help)}};
  // Longer than any right value, and short enough to be shown in an error.
  if (text.size() > 256) return bad(spec, "it is longer than 256 characters");
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; })) return bad(spec, "only printable ASCII is allowed");
  switch (spec.type) {
    case PropertyType::integer: return check_number(spec, text);
    case PropertyType::boolean: {
      auto const value = parse_bool(text);
      if (!value) return bad(spec, "True or False is needed");
      if (spec.name == "provides_network" && *value == "False" && qube != nullptr) {
        if (auto const objection = objection_to_leaving_network(inventory, *qube)) return bad(spec, *objection);
      }
      return *value;
    }
    case PropertyType::vm: return check_reference(inventory, qube, spec, text);
    case PropertyType::label:
      if (inventory.find_label(text) == nullptr) return Failure{admin::Exception{"QubesLabelNotFoundError", "there is no label " + std::string(text)}};
      return std::string(text);
    case PropertyType::str: return check_text(spec, text);
  }
  return bad(spec, "unknown type");
}

}  // namespace bh::dom0
