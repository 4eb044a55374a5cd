// The serving end of a vchan over the `socket` transport (format: qrexec.md 14, conformance.md 1).
// A vchan is a byte stream without framing: what one side writes the other reads, in order. It is a connected AF_UNIX stream socket.
// End of stream is "closed"; so is ECONNRESET (the peer left without reading everything) and EPIPE on writing. There is no half-close.
#pragma once

#include <filesystem>
#include <sys/types.h>

#include "base/posix_io.h"
#include "hypervisor/vchan/channel_name.h"

namespace bh::vchan {

class Server {
 public:
  // Binds and listens in `directory` at once (an old socket of that name is replaced), so a client or a hub sees it from here on.
  // Fails with the kernel's errno. The name is removed when the peer has been accepted or the Server is destroyed.
  static Result<Server> listen(std::filesystem::path const& directory, ChannelName const& name, unsigned mode = 0600);

  Server(Server&& other) noexcept = default;
  Server& operator=(Server&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(inode_, other.inode_);
    listener_.swap(other.listener_);
    return *this;
  }
  ~Server() { withdraw(); }

  // Readable when a peer is waiting; not open any more after a successful accept().
  [[nodiscard]] UniqueFd const& pollable() const { return listener_; }
  // The one peer there will ever be: unlinks the name and stops listening. A blocking, close-on-exec stream.
  // ETIMEDOUT in errno_value: nobody came before the deadline (Clock::now() to poll), and the server goes on listening.
  Result<UniqueFd> accept(Deadline deadline);

 private:
  Server(std::filesystem::path path, ino_t inode, UniqueFd listener)
      : path_(std::move(path)), inode_(inode), listener_(std::move(listener)) {}
  void withdraw();
  std::filesystem::path path_;
  ino_t inode_ = 0;
  UniqueFd listener_;
};

}  // namespace bh::vchan
