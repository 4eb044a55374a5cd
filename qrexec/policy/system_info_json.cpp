#include <nlohmann/json.hpp>

#include "qrexec/policy/system_info.h"

namespace bh::policy {
namespace {

using Json = nlohmann::json;
template <class T>
using Read = Result<T, std::string>;

std::string wrong(std::string_view key, std::string_view wanted) {
  return "key '" + std::string(key) + "' must be " + std::string(wanted);
}

Read<std::optional<std::string>> optional_text(Json const& record, char const* key) {
  auto const found = record.find(key);
  if (found == record.end() || found->is_null()) return std::optional<std::string>{};
  if (!found->is_string()) return Failure{wrong(key, "a string or null")};
  std::string text = found->get<std::string>();
  if (text.empty()) return std::optional<std::string>{};
  return std::optional<std::string>(std::move(text));
}

// A flag, or a feature's value: any non-empty text is true.
Read<bool> flag(Json const& record, char const* key) {
  auto const found = record.find(key);
  if (found == record.end() || found->is_null()) return false;
  if (found->is_boolean()) return found->get<bool>();
  if (found->is_string()) return !found->get_ref<std::string const&>().empty();
  return Failure{wrong(key, "true, false, a string or null")};
}

Read<std::set<std::string>> tags(Json const& record) {
  std::set<std::string> all;
  auto const found = record.find("tags");
  if (found == record.end() || found->is_null()) return all;
  if (!found->is_array()) return Failure{wrong("tags", "a list of strings")};
  for (Json const& tag : *found) {
    if (!tag.is_string()) return Failure{wrong("tags", "a list of strings")};
    all.insert(tag.get<std::string>());
  }
  return all;
}

Read<Qube> qube(std::string const& name, Json const& record) {
  if (!record.is_object()) return Failure{std::string("must be an object")};
  BH_TRY(type, optional_text(record, "type"));
  BH_TRY(tag_set, tags(record));
  BH_TRY(uuid, optional_text(record, "uuid"));
  BH_TRY(power_state, optional_text(record, "power_state"));
  BH_TRY(default_dispvm, optional_text(record, "default_dispvm"));
  BH_TRY(template_for_dispvms, flag(record, "template_for_dispvms"));
  BH_TRY(internal, flag(record, "internal"));
  BH_TRY(guivm, optional_text(record, "guivm"));
  BH_TRY(icon, optional_text(record, "icon"));
  BH_TRY(label, optional_text(record, "label"));
  BH_TRY(relayvm, optional_text(record, "relayvm"));
  BH_TRY(transport_rpc, optional_text(record, "transport_rpc"));
  return Qube{.name = name,
              .type = type.value_or(""),
              .tags = std::move(tag_set),
              .uuid = uuid.value_or(""),
              .power_state = power_state.value_or(""),
              .default_dispvm = std::move(default_dispvm),
              .template_for_dispvms = template_for_dispvms,
              .internal = internal,
              .guivm = std::move(guivm),
              .icon = icon.value_or(""),
              .label = label.value_or(""),
              .relayvm = std::move(relayvm),
              .transport_rpc = std::move(transport_rpc)};
}

}  // namespace

Result<SystemInfo, std::string> parse_system_info(std::string_view json) {
  Json const root = Json::parse(json, nullptr, false);
  if (root.is_discarded()) return Failure{std::string("system information is not valid JSON")};
  auto const domains = root.is_object() ? root.find("domains") : root.end();
  if (!root.is_object() || domains == root.end() || !domains->is_object()) {
    return Failure{std::string("system information has no object 'domains'")};
  }
  std::vector<Qube> qubes;
  for (auto const& [name, record] : domains->items()) {
    // An alias that the peer's own tools add; the uuid of the real record says the same.
    if (name.starts_with("uuid:")) continue;
    auto read = qube(name, record);
    if (!read) return Failure{"system information of '" + name + "': " + read.error()};
    qubes.push_back(*std::move(read));
  }
  return SystemInfo(std::move(qubes));
}

}  // namespace bh::policy
