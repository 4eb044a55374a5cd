#include "hypervisor/volumes/private_volume.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/posix_io.h"

namespace bh::volumes {

namespace fs = std::filesystem;

namespace {

constexpr ByteCount kMaxPrivateSize = mebibytes(std::uint64_t{16} << 20);

Result<void> check_size(ByteCount size) {
  if (size < mebibytes(16) || size > kMaxPrivateSize || size.value() % 4096 != 0) {
    return Failure{Error{"a private volume has 16 MiB to 16 TiB, in whole pages", EINVAL}};
  }
  return {};
}

Result<struct stat> status_of(fs::path const& file) {
  // Not stat(): a link in place of the volume would lead elsewhere.
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0) return Failure{Error::from_errno("look at the private volume " + file.string())};
  if (!S_ISREG(status.st_mode)) return Failure{Error{"the private volume " + file.string() + " is not a plain file", EINVAL}};
  return status;
}

}  // namespace

fs::path private_volume(fs::path const& folder) { return folder / "private.img"; }

Result<void> create_private_volume(fs::path const& folder, ByteCount size) {
  BH_CHECK(check_size(size));
  std::error_code error;
  bool const fresh_folder = fs::create_directories(folder, error);
  if (error) return Failure{Error::from_errno("make the folder " + folder.string(), error.value())};
  if (fresh_folder) fs::permissions(folder, fs::perms::owner_all, error);
  fs::path const file = private_volume(folder);
  BH_TRY(fd, open_file(file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  if (::ftruncate(fd.borrow(), static_cast<off_t>(size.value())) != 0) {
    Error failure = Error::from_errno("size the private volume " + file.string());
    fs::remove(file, error);
    return Failure{std::move(failure)};
  }
  return {};
}

namespace {

// One run of data, from `begin` to `end`.
Result<void> copy_run(UniqueFd const& from, UniqueFd const& to, off_t begin, off_t end) {
  off_t in = begin;
  off_t out = begin;
  while (in < end) {
    ssize_t const count = ::copy_file_range(from.borrow(), &in, to.borrow(), &out, static_cast<std::size_t>(end - in), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failure{Error::from_errno("copy a private volume")};
    if (count == 0) return Failure{Error{"a private volume became shorter while it was copied", EIO}};
  }
  return {};
}

Result<void> copy_data(UniqueFd const& from, UniqueFd const& to, off_t size) {
  for (off_t at = 0; at < size;) {
    off_t const data = ::lseek(from.borrow(), at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // holes to the end
    off_t const hole = data < 0 ? -1 : ::lseek(from.borrow(), data, SEEK_HOLE);
    if (data < 0 || hole < 0) return Failure{Error::from_errno("find the data of a private volume")};
    BH_CHECK(copy_run(from, to, data, hole));
    at = hole;
  }
  return {};
}

}  // namespace

Result<void> copy_private_volume(fs::path const& from_folder, fs::path const& to_folder) {
  BH_TRY(usage, private_volume_usage(from_folder));
  BH_TRY(from, open_file(private_volume(from_folder), O_RDONLY | O_NOFOLLOW));
  BH_CHECK(create_private_volume(to_folder, usage.size));
  BH_TRY(to, open_file(private_volume(to_folder), O_RDWR | O_NOFOLLOW));
  if (::ioctl(to.borrow(), FICLONE, from.borrow()) == 0) return {};
  auto copied = copy_data(from, to, static_cast<off_t>(usage.size.value()));
  if (!copied) (void)remove_private_volume(to_folder);
  return copied;
}

Result<VolumeUsage> private_volume_usage(fs::path const& folder) {
  BH_TRY(status, status_of(private_volume(folder)));
  return VolumeUsage{ByteCount(static_cast<std::uint64_t>(status.st_size)), ByteCount(static_cast<std::uint64_t>(status.st_blocks) * 512)};
}

Result<void> grow_private_volume(fs::path const& folder, ByteCount size) {
  BH_CHECK(check_size(size));
  fs::path const file = private_volume(folder);
  BH_TRY(now, private_volume_usage(folder));
  if (size < now.size) return Failure{Error{"a private volume cannot shrink: that would lose data", EINVAL}};
  BH_TRY(fd, open_file(file, O_RDWR | O_NOFOLLOW));
  if (::ftruncate(fd.borrow(), static_cast<off_t>(size.value())) != 0) {
    return Failure{Error::from_errno("grow the private volume " + file.string())};
  }
  return {};
}

Result<void> remove_private_volume(fs::path const& folder) {
  std::error_code error;
  fs::remove(private_volume(folder), error);
  if (error) return Failure{Error::from_errno("remove the private volume of " + folder.string(), error.value())};
  // The folder itself only if nothing else is kept in it.
  fs::remove(folder, error);
  if (error && error.value() != ENOTEMPTY && error.value() != EEXIST) {
    return Failure{Error::from_errno("remove the folder " + folder.string(), error.value())};
  }
  return {};
}

}  // namespace bh::volumes
