#include "hypervisor/qemu/capped_log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "base/display_text.h"

namespace bh::qemu {

ByteCount log_size(UniqueFd const& log) {
  struct stat status {};
  if (::fstat(log.borrow(), &status) != 0) return ByteCount(0);
  return ByteCount(static_cast<std::uint64_t>(status.st_size));
}

void cap_log(UniqueFd const& log) {
  if (log_size(log) <= kMaxLog) return;
  // Nothing better can be done where it fails; the next turn tries again.
  [[maybe_unused]] int const done = ::ftruncate(log.borrow(), 0);
}

std::string last_line(UniqueFd const& readable_log, ByteCount from) {
  std::uint64_t const size = log_size(readable_log).value();
  if (size <= from.value()) return {};
  char buffer[2048];
  std::uint64_t const start = std::max(from.value(), size - std::min<std::uint64_t>(size, sizeof buffer));
  ssize_t const got = ::pread(readable_log.borrow(), buffer, sizeof buffer, static_cast<off_t>(start));
  if (got <= 0) return {};
  std::string_view text(buffer, static_cast<std::size_t>(got));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return for_display(text.substr(text.rfind('\n') + 1), 300);
}

}  // namespace bh::qemu
