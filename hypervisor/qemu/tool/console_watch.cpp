#include "hypervisor/qemu/tool/console_watch.h"

#include <algorithm>
#include <array>

#include "base/display_text.h"

namespace bh::qemu::tool {

Result<std::string> ConsoleWatch::next() {
  std::string text;
  std::array<std::byte, 16384> buffer;
  BH_TRY(got, read_some(log_, buffer));
  if (got == 0) return text;
  // GUARD: console bytes of the guest: searched here, and shown only without escape sequences.
  tail_ += as_text(ByteSpan(buffer).first(got));
  auto const now = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin_).count();
  std::size_t longest = 0;
  for (auto const& wanted : wanted_) {
    longest = std::max(longest, wanted.size());
    if (tail_.find(wanted) != std::string::npos) seen_.try_emplace(wanted, now);
  }
  text = for_terminal(as_text(ByteSpan(buffer).first(got)));
  if (tail_.size() > longest) tail_.erase(0, tail_.size() - longest);
  return text;
}

}  // namespace bh::qemu::tool
