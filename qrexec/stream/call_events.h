// What a call's loop waits for: its descriptors, its child and the signal by which a child asks for one socket both ways.
#pragma once

#include <poll.h>

#include <vector>

#include "base/posix_io.h"

namespace bh::qrexec {

// SIGUSR1 as a descriptor (QREXEC_AGENT_PID, qrexec.md 8.1). Made before the child starts, so that an early signal waits instead of
// killing. Blocks the signal for this process for good.
Result<UniqueFd> open_socket_request_signal();
// Whether it came.
bool socket_request_arrived(UniqueFd const& signal);

// A poll(2) set that is filled anew every turn.
class PollSet {
 public:
  void clear() { entries_.clear(); }
  // With events 0 only errors and hang-ups are reported. Returns where to ask for the answer.
  std::size_t add(UniqueFd const& fd, short events) {
    entries_.push_back({fd.borrow(), events, 0});
    return entries_.size() - 1;
  }
  Result<void> wait(int timeout_ms);
  [[nodiscard]] short at(std::size_t index) const { return entries_[index].revents; }

 private:
  std::vector<pollfd> entries_;
};

}  // namespace bh::qrexec
