// The time that input events carry: milliseconds of the monotonic clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace bh::gui_agent {

[[nodiscard]] inline std::uint32_t event_time() {
  auto const now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

}  // namespace bh::gui_agent
