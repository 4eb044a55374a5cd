#include "dom0/core/life/helper_log.h"

#include <fcntl.h>

#include "base/file_tail.h"
#include "base/posix_io.h"

namespace bh::dom0 {

void keep_short(std::filesystem::path const& log_file, std::uintmax_t limit) {
  std::error_code error;
  if (std::filesystem::file_size(log_file, error) <= limit || error) return;
  // Its end only: a log that grew faster than we look must not cost its whole length once more.
  auto const end = read_file_tail(log_file, static_cast<std::size_t>(limit));
  // On a full disk the old one is lost, but the disk gets its space back.
  if (end) (void)write_file_atomically(log_file.string() + ".old", *end, 0600);
  std::filesystem::resize_file(log_file, 0, error);
}

}  // namespace bh::dom0
