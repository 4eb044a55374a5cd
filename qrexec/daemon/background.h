// qrexec-daemon without --direct: the caller waits until the agent has answered, then the daemon goes on alone.
#pragma once

#include <functional>

#include "qrexec/daemon/daemon_options.h"

namespace bh::qrexec {

// `run` is called in the background process with what it has to call once it is ready; its result is the exit code if that comes
// first. Returns the foreground's exit code.
int run_in_background(DaemonOptions const& options, std::function<int(std::function<void()> const&)> const& run);

}  // namespace bh::qrexec
