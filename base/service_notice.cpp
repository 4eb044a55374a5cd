#include "base/service_notice.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/unique_fd.h"

namespace bh {

Result<void> notify_service_ready(std::string const& socket) { return notify_service(socket, "READY=1"); }

Result<void> notify_service(std::string const& socket, std::string_view notice) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.empty() || socket.size() >= sizeof address.sun_path) {
    return Failure{Error{"NOTIFY_SOCKET is not the name of a socket", ENAMETOOLONG}};
  }
  std::memcpy(address.sun_path, socket.data(), socket.size());
  if (socket.front() == '@') address.sun_path[0] = '\0';
  auto const length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket.size());
  UniqueFd const fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.open()) return Failure{Error::from_errno("make a socket")};
  auto const sent = ::sendto(fd.borrow(), notice.data(), notice.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr const*>(&address), length);
  if (sent < 0) return Failure{Error::from_errno("tell systemd " + std::string(notice))};
  return {};
}

}  // namespace bh
