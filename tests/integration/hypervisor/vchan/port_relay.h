// Stands in for QEMU and the virtio-serial port: a socket for the host's hub, one for the guest's, bytes carried between them.
// Like QEMU, a side that goes away and comes back is not seen by the other, and what a guest says to nobody is lost.
#pragma once

#include <atomic>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include "base/posix_io.h"

namespace bh::test {

class PortRelay {
 public:
  explicit PortRelay(std::filesystem::path folder);
  ~PortRelay();
  PortRelay(PortRelay const&) = delete;
  PortRelay& operator=(PortRelay const&) = delete;

  [[nodiscard]] std::filesystem::path host_socket() const { return folder_ / "host-port.sock"; }
  [[nodiscard]] std::filesystem::path guest_socket() const { return folder_ / "guest-port.sock"; }
  // Bytes that nobody sent, in both directions.
  void inject(std::string bytes);

 private:
  struct End {
    UniqueFd listener;
    UniqueFd stream;
  };
  void run();
  void carry(End& from, End& to);

  std::filesystem::path folder_;
  End host_, guest_;
  FdPair wake_;
  std::mutex lock_;
  std::string injected_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace bh::test
