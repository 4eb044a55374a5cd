// READY=1 to systemd (sd_notify(3)'s datagram), if it listens.
#pragma once

#include "base/error.h"

namespace bh::qrexec {

// `socket`: the value of NOTIFY_SOCKET; empty does nothing.
Result<void> notify_ready(std::string const& socket);

}  // namespace bh::qrexec
