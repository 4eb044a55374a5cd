#include "qrexec/service/connect_service.h"

#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "base/unix_socket.h"

namespace bh::qrexec {

Result<UniqueFd> connect_service(SocketService const& service, Deadline) { return connect_unix(service.path); }

Result<UniqueFd> connect_service(TcpTarget const& target, Deadline deadline) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  std::string const where = target.host + " port " + std::to_string(target.port);
  if (int const error = ::getaddrinfo(target.host.c_str(), std::to_string(target.port).c_str(), &hints, &list); error != 0) {
    return Failure{Error{"bad address " + where + ": " + ::gai_strerror(error), 0}};
  }
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> const owned(list, ::freeaddrinfo);
  UniqueFd fd(::socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.open()) return Failure{Error::from_errno("make a socket")};
  if (::connect(fd.borrow(), list->ai_addr, list->ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return Failure{Error::from_errno("connect to " + where)};
    BH_TRY(ready, wait_for(fd, POLLOUT, deadline));
    if (!ready) return Failure{Error{"no answer from " + where, ETIMEDOUT}};
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd.borrow(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return Failure{Error::from_errno("ask for the result")};
    if (error != 0) return Failure{Error::from_errno("connect to " + where, error)};
  }
  return fd;
}

}  // namespace bh::qrexec
