#include "qrexec/service/environment.h"

#include <string_view>

namespace bh::qrexec {

EnvironmentChanges without_leftovers(char const* const* current) {
  EnvironmentChanges changes;
  for (; *current != nullptr; ++current) {
    std::string_view const entry(*current);
    std::string_view const name = entry.substr(0, entry.find('='));
    // NOTIFY_SOCKET is the agent's own conversation with systemd.
    bool const ours = name == "NOTIFY_SOCKET";
    if (!ours && !name.starts_with("QREXEC")) continue;
    if (name == "QREXEC_SERVICE_PATH" || name == "QREXEC_AGENT_PID") continue;
    changes.emplace_back(std::string(name), std::nullopt);
  }
  return changes;
}

EnvironmentChanges of_service_call(ServiceCall const& call) {
  EnvironmentChanges changes{
      {"QREXEC_REMOTE_DOMAIN", call.source},
      {"QREXEC_SERVICE_FULL_NAME", call.descriptor},
      {"QREXEC_SERVICE_ARGUMENT", call.argument},
      {"QREXEC_REQUESTED_TARGET_TYPE", call.target_type},
      {"QREXEC_REQUESTED_TARGET", std::nullopt},
      {"QREXEC_REQUESTED_TARGET_KEYWORD", std::nullopt},
  };
  if (call.target_type == "name") changes[4].second = call.target;
  if (call.target_type == "keyword") changes[5].second = call.target;
  return changes;
}

}  // namespace bh::qrexec
