#include "base/file_tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/posix_io.h"

namespace bh {

Result<std::string> read_file_tail(std::filesystem::path const& path, std::size_t cap) {
  // Non-blocking: a FIFO in place of the file would otherwise hold us for ever.
  BH_TRY(file, open_file(path, O_RDONLY | O_NONBLOCK));
  struct stat status {};
  if (::fstat(file.borrow(), &status) != 0) return Failure{Error::from_errno("look at " + path.string())};
  if (!S_ISREG(status.st_mode)) return Failure{Error{path.string() + " is not a plain file", EINVAL}};
  auto const size = static_cast<std::uint64_t>(status.st_size);
  std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(size, cap)), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    auto const at = static_cast<off_t>(size - text.size() + filled);
    ssize_t const got = ::pread(file.borrow(), text.data() + filled, text.size() - filled, at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure{Error::from_errno("read " + path.string())};
    if (got == 0) break;  // cut meanwhile
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  return text;
}

}  // namespace bh
