// The hub's way to the other hub: QEMU's socket of the port (dom0), or the port's device (guest). Comes and goes; bytes both ways.
#pragma once

#include <filesystem>

#include "base/posix_io.h"

namespace bh::vchan {

class Link {
 public:
  enum class Kind { socket, device };
  Link(Kind kind, std::filesystem::path path, Deadline now);

  [[nodiscard]] bool connected() const { return connected_; }
  // When try_connect() is due; only while not connected.
  [[nodiscard]] Deadline retry_at() const { return retry_at_; }
  // Never waits. True: connected now. Any error is final: the port did not come up in 30 s, its socket has had no listener for 5 s
  // (QEMU has ended), or the kernel refuses.
  Result<bool> try_connect(Deadline now);
  // After an error or end of stream on fd(): a later try_connect() goes on.
  void lost(Deadline now);
  [[nodiscard]] UniqueFd const& fd() const { return fd_; }
  // Readable when it is worth a try_connect() before retry_at(), while not connected; not open where nothing can tell.
  [[nodiscard]] UniqueFd const& wake() const { return wake_; }
  void woken(Deadline now);

 private:
  Result<bool> not_yet(Deadline now, Error reason);
  void watch_port();
  Kind kind_;
  std::filesystem::path path_;
  UniqueFd fd_;
  UniqueFd wake_;
  bool connected_ = false;
  Deadline retry_at_;
  Deadline give_up_at_;
};

}  // namespace bh::vchan
