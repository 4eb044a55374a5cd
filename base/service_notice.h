// Telling systemd that a service is ready (sd_notify's datagram, without libsystemd).
#pragma once

#include <string>

#include "base/error.h"

namespace bh {

// `socket` is the value of $NOTIFY_SOCKET: a path, or "@name" for an abstract one.
Result<void> notify_service_ready(std::string const& socket);

}  // namespace bh
