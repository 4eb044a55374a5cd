// The environment of what a call starts (qrexec.md 10.2), as changes on top of ours.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "qrexec/service/command.h"

namespace bh::qrexec {

using EnvironmentChanges = std::vector<std::pair<std::string, std::optional<std::string>>>;

// Removes every variable of `current` that begins with QREXEC but QREXEC_SERVICE_PATH and QREXEC_AGENT_PID.
// GUARD: a variable left over from whoever started us must not pass for what the policy said.
[[nodiscard]] EnvironmentChanges without_leftovers(char const* const* current);
// The variables of a service call.
[[nodiscard]] EnvironmentChanges of_service_call(ServiceCall const& call);

}  // namespace bh::qrexec
