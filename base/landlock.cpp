#include "base/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/posix_io.h"

namespace bh {

namespace {

// Of later kernels than the header we are built with may know (Debian 12's is of 6.1).
constexpr std::uint64_t kRefer = 1ULL << 13;
constexpr std::uint64_t kTruncate = 1ULL << 14;
constexpr std::uint64_t kIoctlDevice = 1ULL << 15;
struct Ruleset {
  std::uint64_t files;
  std::uint64_t network;
  std::uint64_t scoped;
};

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kWrite = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                LANDLOCK_ACCESS_FS_MAKE_SYM;
constexpr std::uint64_t kAllOfFirst = (1ULL << 13) - 1;
constexpr std::uint64_t kOnFiles = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate;

struct Handled {
  Ruleset set{kAllOfFirst, 0, 0};
  std::size_t size = sizeof(std::uint64_t);
};

Handled handled_by(int version) {
  Handled all;
  if (version >= 2) all.set.files |= kRefer;
  if (version >= 3) all.set.files |= kTruncate;
  if (version >= 4) all.set.network = 3, all.size = 2 * sizeof(std::uint64_t);  // TCP: bind, connect
  if (version >= 5) all.set.files |= kIoctlDevice;
  if (version >= 6) all.set.scoped = 3, all.size = 3 * sizeof(std::uint64_t);  // abstract sockets, signals
  return all;
}

Result<void> permit(UniqueFd const& rules, std::filesystem::path const& path, std::uint64_t access) {
  auto const place = open_file(path, O_PATH);
  if (!place && place.error().errno_value == ENOENT) return {};
  if (!place) return Failure{place.error()};
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) access &= kOnFiles;
  landlock_path_beneath_attr attribute{};
  attribute.allowed_access = access;
  attribute.parent_fd = place->borrow();
  if (::syscall(SYS_landlock_add_rule, rules.borrow(), LANDLOCK_RULE_PATH_BENEATH, &attribute, 0) == 0) return {};
  return Failure{Error::from_errno("keep access to " + path.string())};
}

}  // namespace

int landlock_version() {
  long const version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version < 0 ? 0 : static_cast<int>(version);
}

Result<void> restrict_files(FileAccess const& access) {
  int const version = landlock_version();
  if (version == 0) return Failure{Error{"this kernel has no Landlock, or it is switched off (lsm= on its command line)", ENOSYS}};
  Handled const handled = handled_by(version);
  UniqueFd const rules(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled.set, handled.size, 0)));
  if (!rules.open()) return Failure{Error::from_errno("make Landlock rules")};
  for (auto const& path : access.readable) BH_CHECK(permit(rules, path, kRead));
  for (auto const& path : access.writable) BH_CHECK(permit(rules, path, (kRead | kWrite | kTruncate) & handled.set.files));
  if (::syscall(SYS_landlock_restrict_self, rules.borrow(), 0) != 0) return Failure{Error::from_errno("put Landlock rules in force")};
  return {};
}

}  // namespace bh
