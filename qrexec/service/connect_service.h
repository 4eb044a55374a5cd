// Connecting to services that are sockets: Unix and TCP.
#pragma once

#include "base/posix_io.h"
#include "qrexec/service/lookup.h"

namespace bh::qrexec {

Result<UniqueFd> connect_service(SocketService const& service, Deadline deadline);
Result<UniqueFd> connect_service(TcpTarget const& target, Deadline deadline);

}  // namespace bh::qrexec
