#include "hypervisor/vchan/server.h"

#include <sys/stat.h>

#include <cerrno>

#include "base/unix_socket.h"

namespace bh::vchan {

Result<Server> Server::listen(std::filesystem::path const& directory, ChannelName const& name, unsigned mode) {
  std::filesystem::path const path = directory / name.file_name();
  BH_TRY(listener, listen_unix(path, 1, mode));
  BH_CHECK(set_nonblocking(listener, true));
  struct stat facts{};
  if (::lstat(path.c_str(), &facts) != 0) return Failure{Error::from_errno("look at " + path.string())};
  return Server(path, facts.st_ino, std::move(listener));
}

Result<UniqueFd> Server::accept(Deadline deadline) {
  for (;;) {
    BH_TRY(waiting, wait_for(listener_, POLLIN, deadline));
    if (!waiting) return Failure{Error{"no peer connected to " + path_.filename().string() + " in time", ETIMEDOUT}};
    auto peer = accept_unix(listener_);
    // A peer may have given up between poll and accept.
    if (!peer && peer.error().errno_value == EAGAIN) continue;
    if (peer) withdraw();
    return peer;
  }
}

void Server::withdraw() {
  if (!listener_.open()) return;
  // The name may belong to a newer server by now; only our own is removed.
  struct stat facts{};
  if (::lstat(path_.c_str(), &facts) == 0 && facts.st_ino == inode_) ::unlink(path_.c_str());
  listener_.reset();
}

}  // namespace bh::vchan
