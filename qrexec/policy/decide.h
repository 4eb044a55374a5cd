// decide(): the heart. Pure: the same policy, system information and request give the same decision.
#pragma once

#include <string>

#include "qrexec/policy/decision.h"
#include "qrexec/policy/policy.h"
#include "qrexec/policy/request.h"
#include "qrexec/policy/system_info.h"

namespace bh::policy {

[[nodiscard]] Decision decide(Policy const& policy, SystemInfo const& info, Request const& request);

// What the person said. Precondition for all: `asked` holds an Ask; the result holds Allow or Deny.
[[nodiscard]] Decision answer_yes(SystemInfo const& info, Decision asked, std::string const& target);
[[nodiscard]] Decision answer_no(Decision asked);
// Yes for the target as requested; where that is no choice, no.
[[nodiscard]] Decision assume_yes(SystemInfo const& info, Decision asked);

}  // namespace bh::policy
