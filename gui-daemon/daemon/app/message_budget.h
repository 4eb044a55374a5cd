// MessageBudget: how many messages that make the display server or the window manager work an agent may send. GUARD: a flood of flags,
// titles or sizes, each harmless, is queued by the user's window manager until it has no memory left.
#pragma once

#include <algorithm>
#include <optional>

#include "base/posix_io.h"
#include "gui-daemon/protocol/message_type.h"

namespace bh::gui {

class MessageBudget {
 public:
  // Far above what thirty windows that open at once, or a resize with every frame, take.
  static constexpr double kBurst = 2000, kPerSecond = 1000;
  // How long nothing is read once it is used up.
  static constexpr std::chrono::milliseconds kPause{100};

  static bool costs(MessageType type) {
    using enum MessageType;
    return type == map || type == unmap || type == configure || type == window_name || type == window_hints || type == window_flags || type == cursor;
  }
  // False: that was the last one.
  [[nodiscard]] bool spend(Deadline now) {
    if (filled_) left_ = std::min(kBurst, left_ + std::chrono::duration<double>(now - *filled_).count() * kPerSecond);
    filled_ = now;
    left_ -= 1;
    return left_ >= 1;
  }

 private:
  double left_ = kBurst;
  std::optional<Deadline> filled_;
};

}  // namespace bh::gui
