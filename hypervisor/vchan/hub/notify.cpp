#include "hypervisor/vchan/hub/notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/unique_fd.h"

namespace bh::vchan {

Result<void> notify_ready(std::string const& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.empty() || socket.size() >= sizeof address.sun_path) {
    return Failure{Error{"NOTIFY_SOCKET is not a socket's name", ENAMETOOLONG}};
  }
  std::memcpy(address.sun_path, socket.data(), socket.size());
  if (socket[0] == '@') address.sun_path[0] = '\0';
  auto const length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket.size());
  UniqueFd const fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.open()) return Failure{Error::from_errno("make a socket")};
  constexpr char kReady[] = "READY=1";
  if (::sendto(fd.borrow(), kReady, sizeof kReady - 1, MSG_NOSIGNAL, reinterpret_cast<sockaddr const*>(&address), length) < 0) {
    return Failure{Error::from_errno("notify systemd")};
  }
  return {};
}

}  // namespace bh::vchan
