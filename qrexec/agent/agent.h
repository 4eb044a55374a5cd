// The agent's life: one poll loop over dom0, local callers and the calls that run.
#pragma once

#include "qrexec/agent/agent_options.h"

namespace bh::qrexec {

// The exit code.
int run_agent(AgentOptions const& options);

}  // namespace bh::qrexec
