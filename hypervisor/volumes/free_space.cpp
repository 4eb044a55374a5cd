#include "hypervisor/volumes/free_space.h"

#include <sys/statvfs.h>

#include <cerrno>

namespace bh::volumes {

Result<ByteCount> free_space(std::filesystem::path const& folder) {
  struct statvfs status {};
  if (::statvfs(folder.c_str(), &status) != 0) return Failure{Error::from_errno("measure the free space of " + folder.string())};
  return ByteCount(static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize);
}

Result<void> need_free_space(std::filesystem::path const& folder, ByteCount wanted) {
  BH_TRY(free, free_space(folder));
  if (free >= wanted) return {};
  return Failure{Error{"the disk of " + folder.string() + " is full: " + std::to_string(free.value() >> 20) + " MiB are free, " +
                           std::to_string(wanted.value() >> 20) + " MiB are wanted; free some space and try again",
                       ENOSPC}};
}

}  // namespace bh::volumes
