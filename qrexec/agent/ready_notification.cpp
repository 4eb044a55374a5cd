#include "qrexec/agent/ready_notification.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/unique_fd.h"

namespace bh::qrexec {

Result<void> notify_ready(std::string const& socket) {
  if (socket.empty()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path) return Failure{Error{"NOTIFY_SOCKET is too long", ENAMETOOLONG}};
  std::memcpy(address.sun_path, socket.data(), socket.size());
  if (socket.front() == '@') address.sun_path[0] = '\0';
  UniqueFd const fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.open()) return Failure{Error::from_errno("make a socket")};
  constexpr std::string_view kMessage = "READY=1";
  auto const length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket.size());
  if (::sendto(fd.borrow(), kMessage.data(), kMessage.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr const*>(&address), length) < 0) {
    return Failure{Error::from_errno("tell systemd that we are ready")};
  }
  return {};
}

}  // namespace bh::qrexec
