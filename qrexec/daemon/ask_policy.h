// One question to the policy, answered by its socket if it is there, else by its program. Waits; called in a process of its own.
#pragma once

#include "qrexec/daemon/daemon_options.h"
#include "qrexec/daemon/policy_answer.h"
#include "qrexec/protocol/trigger_codec.h"

namespace bh::qrexec {

// An error where there is no answer to rely on; the request is to be refused then as well.
Result<PolicyAnswer> ask_policy(DaemonOptions const& options, TriggerRequest const& request);

}  // namespace bh::qrexec
