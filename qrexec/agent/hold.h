// An agent that is part of a snapshot runs before its machine is a qube: it waits, and then takes the qube's settings.
#pragma once

#include "base/posix_io.h"
#include "qrexec/agent/agent_options.h"

namespace bh::qrexec {

// False: asked to end meanwhile. `signals` is the agent's signalfd.
Result<bool> wait_while_held(AgentOptions const& options, UniqueFd const& signals);

}  // namespace bh::qrexec
