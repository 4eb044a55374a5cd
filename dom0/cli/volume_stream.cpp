#include "dom0/cli/volume_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/durable.h"
#include "base/posix_io.h"
#include "dom0/cli/output.h"
#include "hypervisor/volumes/pool/file_copy.h"

namespace bh::cli {

namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;

Result<UniqueFd> standard(int number) {
  if (is_terminal(number)) return Failure{Error{"a volume is no text for a terminal; redirect it", EINVAL}};
  int const copy = ::fcntl(number, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return Failure{Error::from_errno(number == 0 ? "read stdin" : "write to stdout")};
  return UniqueFd(copy);
}

// Fills the chunk as far as there is something: pages that are zero are only seen as such when they are whole.
Result<std::size_t> fill(UniqueFd const& file, std::span<std::byte> chunk) {
  std::size_t have = 0;
  while (have < chunk.size()) {
    BH_TRY(count, read_some(file, chunk.subspan(have)));
    if (count == 0) break;
    have += count;
  }
  return have;
}

}  // namespace

Result<ImportSource> ImportSource::open(std::string const& file) {
  if (file == "-") {
    BH_TRY(in, standard(STDIN_FILENO));
    return ImportSource(std::move(in), std::nullopt);
  }
  BH_TRY(in, open_file(file, O_RDONLY));
  struct stat status {};
  if (::fstat(in.borrow(), &status) != 0) return Failure{Error::from_errno("look at " + file)};
  std::optional<std::uint64_t> size;
  off_t const end = ::lseek(in.borrow(), 0, SEEK_END);
  if ((S_ISREG(status.st_mode) || S_ISBLK(status.st_mode)) && end >= 0 && ::lseek(in.borrow(), 0, SEEK_SET) == 0) size = static_cast<std::uint64_t>(end);
  return ImportSource(std::move(in), size);
}

Result<void> ImportSource::copy_into(std::string const& place, ByteCount room) {
  BH_TRY(out, open_file(place, O_WRONLY | O_NOFOLLOW));
  Bytes chunk(kChunk);
  std::uint64_t done = 0;
  for (;;) {
    BH_TRY(count, fill(file_, chunk));
    if (count == 0) break;
    if (count > room.value() - done) return Failure{Error{"there is more than fits into a volume of " + std::to_string(room.value()) + " bytes; say --size", EFBIG}};
    BH_CHECK(volumes::write_sparsely(out, ByteCount(done), ByteSpan(chunk).first(count)));
    done += count;
  }
  if (size_ && done != *size_) return Failure{Error{"the file ended after " + std::to_string(done) + " of " + std::to_string(*size_) + " bytes", EIO}};
  if (!size_ && done == 0) return Failure{Error{"there was nothing on stdin", EIO}};
  return sync_file(out, place);
}

Result<void> export_file(std::string const& volume, std::string const& to) {
  BH_TRY(from, open_file(volume, O_RDONLY | O_NOFOLLOW));
  if (to != "-") {
    BH_TRY(out, open_file(to, O_RDWR | O_CREAT | O_EXCL, 0600));
    return volumes::copy_file_content(from, out, to);
  }
  BH_TRY(out, standard(STDOUT_FILENO));
  Bytes chunk(kChunk);
  for (;;) {
    BH_TRY(count, fill(from, chunk));
    if (count == 0) return {};
    BH_CHECK(write_all(out, ByteSpan(chunk).first(count)));
  }
}

}  // namespace bh::cli
