#include "hypervisor/personal/guest/identity.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/posix_io.h"

namespace bh::personal {

namespace {

constexpr std::uint64_t kNanoseconds = 1'000'000'000;
constexpr char const* kKernelsBootId = "/proc/sys/kernel/random/boot_id";

// A new file of that name; in place only where the old one is a mount point. Not truncated, not renamed over: for either ext4 writes the
// data out at once, which costs a start a tenth of a second, and the root volume dies with the machine anyway.
Result<void> write_anew(std::filesystem::path const& path, std::string const& content, unsigned mode = 0644) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT && errno != EBUSY) return Failure{Error::from_errno("replace " + path.string())};
  BH_TRY(fd, open_file(path, O_WRONLY | O_CREAT | O_TRUNC, mode));
  auto const written = write_all(fd, as_bytes(content));
  if (!written) return Failure{Error(written.error()).in(path.string())};
  return {};
}

}  // namespace

Result<void> set_clock(std::uint64_t nanoseconds_since_1970) {
  timespec const now{static_cast<time_t>(nanoseconds_since_1970 / kNanoseconds), static_cast<long>(nanoseconds_since_1970 % kNanoseconds)};
  if (::clock_settime(CLOCK_REALTIME, &now) != 0) return Failure{Error::from_errno("set the clock")};
  return {};
}

Result<void> correct_clock(std::uint64_t seconds_since_1970) {
  std::int64_t const drift = static_cast<std::int64_t>(seconds_since_1970) - static_cast<std::int64_t>(::time(nullptr));
  if (drift >= -60 && drift <= 60) return {};
  return set_clock(seconds_since_1970 * kNanoseconds);
}

Result<void> set_host_name(std::filesystem::path const& root, std::string_view name) {
  if (root == "/" && ::sethostname(name.data(), name.size()) != 0) return Failure{Error::from_errno("set the host name")};
  std::string const text(name);
  BH_CHECK(write_anew(root / "etc/hostname", text + "\n"));
  return write_anew(root / "etc/hosts", "127.0.0.1 localhost\n127.0.1.1 " + text + "\n::1 localhost\n");
}

bool is_machine_id(std::string_view text) {
  if (text.size() != 32) return false;
  bool zero = true;
  for (char const c : text) {
    if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) return false;
    zero = zero && c == '0';
  }
  return !zero;  // all zeroes is what "no id" looks like
}

Result<std::string> random_id() {
  std::array<std::uint8_t, 16> bytes;
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return Failure{Error::from_errno("draw a random id")};
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  std::string id;
  for (std::uint8_t const byte : bytes) {
    id += "0123456789abcdef"[byte >> 4];
    id += "0123456789abcdef"[byte & 0x0F];
  }
  return id;
}

std::string with_dashes(std::string const& id) {
  return id.substr(0, 8) + "-" + id.substr(8, 4) + "-" + id.substr(12, 4) + "-" + id.substr(16, 4) + "-" + id.substr(20);
}

Result<void> set_machine_id(std::filesystem::path const& root, std::string_view id) {
  return write_anew(root / "etc/machine-id", std::string(id) + "\n", 0444);
}

Result<void> cover_boot_id(std::filesystem::path const& run_folder, std::string const& id) {
  std::filesystem::path const ours = run_folder / "boot_id";
  BH_CHECK(write_anew(ours, with_dashes(id) + "\n", 0444));
  if (::mount(ours.c_str(), kKernelsBootId, nullptr, MS_BIND, nullptr) != 0) return Failure{Error::from_errno("cover the kernel's boot id")};
  return {};
}

}  // namespace bh::personal
