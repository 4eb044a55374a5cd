#include "hypervisor/volumes/pool/file_copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/durable.h"
#include "base/posix_io.h"

namespace bh::volumes {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kChunk = std::size_t{1} << 20;

bool is_zero(ByteSpan bytes) {
  return !bytes.empty() && bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

Result<void> write_at(UniqueFd const& file, std::uint64_t offset, ByteSpan bytes) {
  while (!bytes.empty()) {
    ssize_t const count = ::pwrite(file.borrow(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failure{Error::from_errno("write to the volume")};
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<void> copy_range(UniqueFd const& from, UniqueFd const& to, std::uint64_t start, std::uint64_t end) {
  Bytes buffer(kChunk);
  while (start < end) {
    std::size_t const wanted = std::min<std::uint64_t>(kChunk, end - start);
    ssize_t const count = ::pread(from.borrow(), buffer.data(), wanted, static_cast<off_t>(start));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failure{Error::from_errno("read the volume")};
    if (count == 0) return Failure{Error{"the volume became shorter while it was copied", EIO}};
    BH_CHECK(write_sparsely(to, ByteCount(start), ByteSpan(buffer).first(static_cast<std::size_t>(count))));
    start += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<UniqueFd> nameless_file(fs::path const& folder) {
  std::string name = (folder / ".probe-XXXXXX").string();
  UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd.open()) return Failure{Error::from_errno("make a file in " + folder.string())};
  ::unlink(name.c_str());
  return fd;
}

}  // namespace

Result<bool> can_reflink(fs::path const& folder) {
  BH_TRY(from, nameless_file(folder));
  BH_TRY(to, nameless_file(folder));
  BH_CHECK(write_all(from, Bytes(kPage, std::byte{1})));
  return ::ioctl(to.borrow(), FICLONE, from.borrow()) == 0;
}

Result<void> copy_file_content(UniqueFd const& from, UniqueFd const& to, fs::path const& what) {
  struct stat status {};
  if (::fstat(from.borrow(), &status) != 0) return Failure{Error::from_errno("look at " + what.string())};
  if (::ioctl(to.borrow(), FICLONE, from.borrow()) == 0) return sync_file(to, what);
  if (::ftruncate(to.borrow(), status.st_size) != 0) return Failure{Error::from_errno("size a copy of " + what.string())};
  if (S_ISBLK(status.st_mode)) {
    // Devices do not say where their data is.
    off_t const size = ::lseek(from.borrow(), 0, SEEK_END);
    if (size < 0 || ::ftruncate(to.borrow(), size) != 0) return Failure{Error::from_errno("size a copy of " + what.string())};
    BH_CHECK(copy_range(from, to, 0, static_cast<std::uint64_t>(size)));
    return sync_file(to, what);
  }
  off_t data = 0;
  while ((data = ::lseek(from.borrow(), data, SEEK_DATA)) >= 0) {
    off_t const hole = ::lseek(from.borrow(), data, SEEK_HOLE);
    if (hole < 0) return Failure{Error::from_errno("find the data of " + what.string())};
    BH_CHECK(copy_range(from, to, static_cast<std::uint64_t>(data), static_cast<std::uint64_t>(hole)));
    data = hole;
  }
  // ENXIO: no data from there on.
  if (errno != ENXIO) return Failure{Error::from_errno("find the data of " + what.string())};
  return sync_file(to, what);
}

Result<void> copy_to_blank_device(UniqueFd const& from, UniqueFd const& to, ByteCount size) {
  BH_CHECK(copy_range(from, to, 0, size.value()));
  return sync_file(to, "the new volume");
}

Result<UniqueFd> make_sparse_file(fs::path const& path, ByteCount size) {
  BH_TRY(fd, open_file(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  if (::ftruncate(fd.borrow(), static_cast<off_t>(size.value())) != 0) {
    Error failure = Error::from_errno("size " + path.string());
    ::unlink(path.c_str());
    return Failure{std::move(failure)};
  }
  return fd;
}

Result<void> write_sparsely(UniqueFd const& file, ByteCount offset, ByteSpan bytes) {
  std::uint64_t at = offset.value();
  while (!bytes.empty()) {
    // The longest run of pages that all hold something, or all do not.
    std::size_t run = 0;
    bool const hole = is_zero(bytes.first(std::min(kPage, bytes.size())));
    while (run < bytes.size()) {
      auto const page = bytes.subspan(run, std::min(kPage, bytes.size() - run));
      if (is_zero(page) != hole) break;
      run += page.size();
    }
    if (!hole) BH_CHECK(write_at(file, at, bytes.first(run)));
    bytes = bytes.subspan(run);
    at += run;
  }
  return {};
}

}  // namespace bh::volumes
