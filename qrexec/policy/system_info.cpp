#include "qrexec/policy/system_info.h"

namespace bh::policy {

SystemInfo::SystemInfo(std::vector<Qube> qubes) {
  for (Qube& qube : qubes) {
    if (!qube.uuid.empty()) name_of_uuid_.emplace(qube.uuid, qube.name);
    std::string name = qube.name;
    qubes_.insert_or_assign(std::move(name), std::move(qube));
  }
}

Qube const* SystemInfo::by_name(std::string_view name) const {
  auto const found = qubes_.find(name);
  return found == qubes_.end() ? nullptr : &found->second;
}

Qube const* SystemInfo::find(std::string_view text) const {
  if (!text.starts_with("uuid:")) return by_name(text);
  auto const found = name_of_uuid_.find(text.substr(5));
  return found == name_of_uuid_.end() ? nullptr : by_name(found->second);
}

}  // namespace bh::policy
