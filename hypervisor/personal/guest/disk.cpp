#include "hypervisor/personal/guest/disk.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <functional>

#include "base/number.h"

namespace bh::personal {

namespace {

constexpr std::uint64_t kSector = 512;

// One line of sysfs without its end.
Result<std::string> sysfs_line(std::filesystem::path const& path) {
  BH_TRY(text, read_file(path, 4096));
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

std::optional<Disk> look_for(std::string_view serial) {
  std::error_code failed;
  for (std::filesystem::directory_iterator entry("/sys/block", failed), end; !failed && entry != end; entry.increment(failed)) {
    auto const found = sysfs_line(entry->path() / "serial");
    if (found && *found == serial) return Disk{entry->path().filename().string()};
  }
  return std::nullopt;
}

// Until `done` says so; false: the deadline passed first. `done` is asked before the first event and after each.
Result<bool> wait_until(std::function<bool()> const& done, Deadline deadline) {
  if (done()) return true;
  BH_TRY(events, DeviceEvents::open());
  while (!done()) {
    BH_TRY(told, events.wait(deadline));
    if (!told) return done();
  }
  return true;
}

}  // namespace

Result<DeviceEvents> DeviceEvents::open() {
  UniqueFd socket(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  if (!socket.open()) return Failure{Error::from_errno("hear of devices")};
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1;  // the kernel's own messages
  if (::bind(socket.borrow(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return Failure{Error::from_errno("hear of devices")};
  return DeviceEvents(std::move(socket));
}

Result<bool> DeviceEvents::wait(Deadline deadline) {
  BH_TRY(ready, wait_for(socket_, POLLIN, deadline));
  std::array<std::byte, 8192> message;
  // An overrun (ENOBUFS) is a message too: something happened.
  for (auto got = read_some(socket_, message); got && *got > 0; got = read_some(socket_, message)) {
  }
  return ready;
}

Result<Disk> find_disk(std::string_view serial, Deadline deadline) {
  std::optional<Disk> disk;
  BH_TRY(found, wait_until([&] { return (disk = look_for(serial)).has_value(); }, deadline));
  if (!found) return Failure{Error{"no disk with serial '" + std::string(serial) + "'", ENOENT}};
  return *disk;
}

Result<ByteCount> size_of(Disk const& disk) {
  BH_TRY(text, sysfs_line("/sys/class/block/" + disk.name + "/size"));
  auto const sectors = parse_decimal(text, UINT64_MAX / kSector);
  if (!sectors) return Failure{Error{"the size of disk " + disk.name + " is '" + text + "'"}};
  return ByteCount(*sectors * kSector);
}

namespace {
Result<void> await_size(Disk const& disk, std::function<bool(ByteCount)> const& right, ByteCount size, Deadline deadline) {
  auto const done = [&] {
    auto const now = size_of(disk);
    return now && right(*now);
  };
  BH_TRY(reached, wait_until(done, deadline));
  if (reached) return {};
  auto const now = size_of(disk);
  return Failure{Error{"disk " + disk.name + " has " + (now ? std::to_string(now->value()) : "an unknown number of") + " bytes where there should be " +
                       std::to_string(size.value())}};
}
}  // namespace

Result<void> wait_for_size(Disk const& disk, ByteCount size, Deadline deadline) {
  return await_size(disk, [size](ByteCount now) { return now == size; }, size, deadline);
}

Result<void> wait_for_room(Disk const& disk, ByteCount size, Deadline deadline) {
  return await_size(disk, [size](ByteCount now) { return now >= size; }, size, deadline);
}

}  // namespace bh::personal
