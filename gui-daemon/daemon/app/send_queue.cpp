#include "gui-daemon/daemon/app/send_queue.h"

#include <cerrno>

#include "base/posix_io.h"

namespace bh::gui {

bool SendQueue::push(ByteSpan bytes) {
  if (bytes.size() > kMax - (bytes_.size() - start_)) return false;
  if (start_ > kMax / 2) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(start_));
    start_ = 0;
  }
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return true;
}

Result<void> SendQueue::flush(UniqueFd const& socket) {
  while (!empty()) {
    auto const written = write_some(socket, ByteSpan(bytes_).subspan(start_));
    if (!written) {
      if (written.error().errno_value == EAGAIN) return {};
      return Failure{written.error()};
    }
    start_ += *written;
  }
  clear();
  return {};
}

void SendQueue::clear() {
  bytes_.clear();
  start_ = 0;
}

}  // namespace bh::gui
