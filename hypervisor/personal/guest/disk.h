// The qube's disks by their serial, and waiting for what dom0 does to them: the kernel tells (uevents), nothing is asked over and over.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/byte_count.h"
#include "base/posix_io.h"

namespace bh::personal {

struct Disk {
  std::string name;  // "vdb"
  [[nodiscard]] std::filesystem::path device() const { return "/dev/" + name; }
};

// The kernel's messages about devices, from the moment this is made.
class DeviceEvents {
 public:
  static Result<DeviceEvents> open();
  // False: none came before the deadline. Which one came is not told: look again.
  Result<bool> wait(Deadline deadline);

 private:
  explicit DeviceEvents(UniqueFd socket) : socket_(std::move(socket)) {}
  UniqueFd socket_;
};

// ENOENT in errno_value: not there before the deadline.
Result<Disk> find_disk(std::string_view serial, Deadline deadline);
Result<ByteCount> size_of(Disk const& disk);
// dom0 gives a clone a disk of another size than its snapshot's; the kernel learns of it a moment after the clone begins to run.
Result<void> wait_for_size(Disk const& disk, ByteCount size, Deadline deadline);
// At least so much.
Result<void> wait_for_room(Disk const& disk, ByteCount size, Deadline deadline);

}  // namespace bh::personal
