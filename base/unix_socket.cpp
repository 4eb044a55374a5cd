#include "base/unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/posix_io.h"

namespace bh {

namespace {

// "/proc/self/fd/N/name" is at most 14 + 10 + 1 + 80 bytes; names longer than that are refused.
Result<sockaddr_un> address_in(UniqueFd const& directory, std::string const& name) {
  std::string const text = "/proc/self/fd/" + std::to_string(directory.borrow()) + "/" + name;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (text.size() >= sizeof address.sun_path) return Failure{Error{"socket name too long: " + name, ENAMETOOLONG}};
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  return address;
}

Result<UniqueFd> directory_of(std::filesystem::path const& path) {
  std::filesystem::path const parent = path.has_parent_path() ? path.parent_path() : ".";
  return open_file(parent, O_PATH | O_DIRECTORY);
}

Result<UniqueFd> stream_socket(int flags = 0) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!fd.open()) return Failure{Error::from_errno("make a socket")};
  return fd;
}

}  // namespace

Result<UniqueFd> listen_unix(std::filesystem::path const& path, int backlog, unsigned mode) {
  BH_TRY(directory, directory_of(path));
  std::string const name = path.filename().string();
  BH_TRY(address, address_in(directory, name));
  BH_TRY(fd, stream_socket());
  if (::unlinkat(directory.borrow(), name.c_str(), 0) != 0 && errno != ENOENT) {
    return Failure{Error::from_errno("remove the old socket " + path.string())};
  }
  // The mode of the socket file is set on the socket before bind, so it is never wider than asked for.
  if (::fchmod(fd.borrow(), mode) != 0) return Failure{Error::from_errno("set the mode of " + path.string())};
  if (::bind(fd.borrow(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) {
    return Failure{Error::from_errno("bind " + path.string())};
  }
  // umask may have narrowed it.
  if (::fchmodat(directory.borrow(), name.c_str(), mode, 0) != 0) {
    return Failure{Error::from_errno("set the mode of " + path.string())};
  }
  if (::listen(fd.borrow(), backlog) != 0) return Failure{Error::from_errno("listen on " + path.string())};
  return fd;
}

namespace {
Result<UniqueFd> connect_with(std::filesystem::path const& path, int socket_flags) {
  BH_TRY(directory, directory_of(path));
  BH_TRY(address, address_in(directory, path.filename().string()));
  BH_TRY(fd, stream_socket(socket_flags));
  for (;;) {
    if (::connect(fd.borrow(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0) return fd;
    if (errno != EINTR) return Failure{Error::from_errno("connect to " + path.string())};
  }
}
}  // namespace

Result<UniqueFd> connect_unix(std::filesystem::path const& path) { return connect_with(path, 0); }
Result<UniqueFd> try_connect_unix(std::filesystem::path const& path) { return connect_with(path, SOCK_NONBLOCK); }

Result<UniqueFd> accept_unix(UniqueFd const& listener) {
  for (;;) {
    UniqueFd fd(::accept4(listener.borrow(), nullptr, nullptr, SOCK_CLOEXEC));
    if (fd.open()) return fd;
    if (errno != EINTR && errno != ECONNABORTED) return Failure{Error::from_errno("accept a connection")};
  }
}

Result<PeerCredentials> peer_credentials(UniqueFd const& socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket.borrow(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return Failure{Error::from_errno("ask who the peer is")};
  }
  return PeerCredentials{credentials.pid, credentials.uid, credentials.gid};
}

}  // namespace bh
