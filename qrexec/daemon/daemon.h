// The daemon's life: wait for the agent, serve it, wait for it again, until SIGTERM.
#pragma once

#include <functional>

#include "qrexec/daemon/daemon_options.h"

namespace bh::qrexec {

inline constexpr int kExitNoAgent = 3;

// `ready` is called when the local socket is there for the first time. The exit code.
int run_daemon(DaemonOptions const& options, std::function<void()> const& ready);

}  // namespace bh::qrexec
