// Telling systemd that a service is ready: one datagram to $NOTIFY_SOCKET.
#pragma once

#include <string>

#include "base/error.h"

namespace bh::vchan {

// `socket` is the value of $NOTIFY_SOCKET: a path, or "@name" for an abstract one.
Result<void> notify_ready(std::string const& socket);

}  // namespace bh::vchan
