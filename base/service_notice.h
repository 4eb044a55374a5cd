// Telling systemd how a service is (sd_notify's datagram, without libsystemd).
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace bh {

// `socket` is the value of $NOTIFY_SOCKET: a path, or "@name" for an abstract one.
Result<void> notify_service_ready(std::string const& socket);
// The same with another notice, as "STATUS=...".
Result<void> notify_service(std::string const& socket, std::string_view notice);

}  // namespace bh
