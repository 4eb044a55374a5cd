#include "dom0/core/model/property.h"

#include "base/number.h"
#include "dom0/core/model/qube_network.h"

namespace bh::dom0 {

std::string_view to_string(PropertyType type) {
  switch (type) {
    case PropertyType::str: return "str";
    case PropertyType::integer: return "int";
    case PropertyType::boolean: return "bool";
    case PropertyType::vm: return "vm";
    case PropertyType::label: return "label";
  }
  return "str";
}

bool PropertySpec::applies_to(QubeClass klass) const {
  switch (klass) {
    case QubeClass::admin: return on_admin;
    case QubeClass::template_qube: return on_template;
    case QubeClass::app: return on_app && disposables != Disposables::only_these;
    case QubeClass::disposable: return on_app && disposables != Disposables::not_these;
  }
  return false;
}

PropertySpec const* find_property(std::string_view name, QubeClass klass) {
  for (auto const& spec : qube_properties()) {
    if (spec.name == name && spec.applies_to(klass)) return &spec;
  }
  return nullptr;
}

PropertySpec const* find_setting(std::string_view name) {
  for (auto const& spec : system_settings()) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

std::string default_template(Inventory const& inventory) {
  if (auto const set = inventory.settings().find("default_template"); set != inventory.settings().end()) return set->second;
  for (auto const& [name, qube] : inventory.qubes()) {
    if (qube.klass == QubeClass::template_qube) return name;
  }
  return {};
}

namespace {

admin::PropertyValue as_default(PropertySpec const& spec, std::string value) {
  return {true, std::string(to_string(spec.type)), std::move(value)};
}

std::string setting_value(Inventory const& inventory, std::string_view name) {
  if (name == "default_template") return default_template(inventory);
  auto const* const spec = find_setting(name);
  return spec == nullptr ? std::string() : evaluate_setting(inventory, *spec).value;
}

bool is_based_on_another(Qube const& qube) { return qube.klass == QubeClass::app || qube.klass == QubeClass::disposable; }

char const* icon_kind(QubeClass klass) {
  switch (klass) {
    case QubeClass::admin: return "adminvm-";
    case QubeClass::template_qube: return "templatevm-";
    case QubeClass::app: return "appvm-";
    case QubeClass::disposable: return "dispvm-";
  }
  return "appvm-";
}

// A disposable is as its template is, but is not started with the system, not backed up, and makes further disposables of its own kind.
std::optional<admin::PropertyValue> default_of_disposable(Inventory const& inventory, Qube const& qube, PropertySpec const& spec) {
  if (spec.name == "autostart" || spec.name == "include_in_backups") return as_default(spec, "False");
  auto const named = qube.properties.find("template");
  if (named == qube.properties.end() || spec.name == "template") return std::nullopt;
  if (spec.name == "default_dispvm") return as_default(spec, named->second);
  Qube const* const base = inventory.find(named->second);
  // A template that is a disposable itself can only come from a damaged database, and would lead round in a circle.
  if (base == nullptr || base->klass == QubeClass::disposable || !spec.settable || !spec.applies_to(base->klass)) return std::nullopt;
  return as_default(spec, evaluate(inventory, *base, spec).value);
}

// What is to be kept from everything shares no memory's past with others unless it asks for it: qubes marked as vaults, and those that
// were given no network where qubes usually have it.
bool is_vault(Inventory const& inventory, Qube const& qube) {
  auto const mark = qube.features.find(*FeatureName::parse("vault"));
  if (mark != qube.features.end() && !mark->second.text().empty()) return true;
  auto const usual = inventory.settings().find("default_netvm");
  bool const others_have_one = usual != inventory.settings().end() && !usual->second.empty();
  return others_have_one && value_of(inventory, qube, "netvm").empty() && value_of(inventory, qube, "provides_network") != "True";
}

// Parts of the qube itself that are served as properties; they are never "default".
std::optional<std::string> built_in(Qube const& qube, std::string_view name) {
  if (name == "name") return qube.name.text();
  if (name == "qid") return std::to_string(qube.qid);
  if (name == "uuid") return qube.uuid.text();
  if (name == "klass") return std::string(to_string(qube.klass));
  if (name == "label") return qube.label.text();
  if (name == "icon") return std::string(icon_kind(qube.klass)) + qube.label.text();
  if (name == "updateable") return is_based_on_another(qube) ? "False" : "True";
  return std::nullopt;
}

}  // namespace

admin::PropertyValue evaluate_setting(Inventory const& inventory, PropertySpec const& spec) {
  auto const set = inventory.settings().find(spec.name);
  if (set != inventory.settings().end()) return {false, std::string(to_string(spec.type)), set->second};
  if (spec.name == "default_template") return as_default(spec, default_template(inventory));
  return as_default(spec, std::string(spec.fallback));
}

admin::PropertyValue default_of(Inventory const& inventory, Qube const& qube, PropertySpec const& spec) {
  if (auto value = built_in(qube, spec.name)) return {spec.name != "label", std::string(to_string(spec.type)), *value};
  if (spec.name == "netvm" && !is_based_on_another(qube)) return as_default(spec, "");
  // One that provides network could otherwise be its own default.
  if (spec.name == "netvm" && qube.klass == QubeClass::app && value_of(inventory, qube, "provides_network") == "True") return as_default(spec, "");
  if (auto value = network_property(inventory, qube, spec.name)) return as_default(spec, std::move(*value));
  if (qube.klass == QubeClass::disposable) {
    if (auto value = default_of_disposable(inventory, qube, spec)) return *value;
  }
  if (spec.name == "warm_start" && qube.klass == QubeClass::app && is_vault(inventory, qube)) return as_default(spec, "False");
  if (spec.inherited && qube.klass == QubeClass::app) {
    Qube const* const base = inventory.find(value_of(inventory, qube, "template"));
    if (base != nullptr) {
      auto const set = base->properties.find(std::string(spec.name));
      if (set != base->properties.end()) return as_default(spec, set->second);
    }
  }
  if (spec.fallback.starts_with('@')) return as_default(spec, setting_value(inventory, spec.fallback.substr(1)));
  return as_default(spec, std::string(spec.fallback));
}

admin::PropertyValue evaluate(Inventory const& inventory, Qube const& qube, PropertySpec const& spec) {
  auto const set = qube.properties.find(std::string(spec.name));
  if (set != qube.properties.end()) return {false, std::string(to_string(spec.type)), set->second};
  return default_of(inventory, qube, spec);
}

std::string value_of(Inventory const& inventory, Qube const& qube, std::string_view property) {
  auto const* const spec = find_property(property, qube.klass);
  return spec == nullptr ? std::string() : evaluate(inventory, qube, *spec).value;
}

std::string root_template(Inventory const& inventory, Qube const& qube) {
  std::string const base = value_of(inventory, qube, "template");
  if (qube.klass != QubeClass::disposable) return base;
  Qube const* const middle = inventory.find(base);
  return middle == nullptr ? std::string() : value_of(inventory, *middle, "template");
}

std::vector<std::string> netvm_chain(Inventory const& inventory, std::string_view qube) {
  std::vector<std::string> chain;
  Qube const* at = inventory.find(qube);
  // Longer than there are qubes: a loop, which only a damaged database can hold.
  while (at != nullptr && chain.size() <= inventory.qubes().size()) {
    std::string const netvm = value_of(inventory, *at, "netvm");
    at = netvm.empty() ? nullptr : inventory.find(netvm);
    if (at != nullptr) chain.push_back(netvm);
  }
  return chain;
}

int number_of(Inventory const& inventory, Qube const& qube, std::string_view property) {
  return static_cast<int>(parse_decimal(value_of(inventory, qube, property), 1U << 30U).value_or(0));
}

}  // namespace bh::dom0
