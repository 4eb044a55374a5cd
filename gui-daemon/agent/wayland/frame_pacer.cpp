#include "gui-daemon/agent/wayland/frame_pacer.h"

#include <algorithm>
#include <utility>

namespace bh::gui_agent {

FramePacer::FramePacer(wl_event_loop* loop) : timer_(wl_event_loop_add_timer(loop, &on_timer, this)) {}

void FramePacer::committed(FrameCallbacks&& callbacks) {
  // The slow tick counts from here: an idle second before is no reason to answer what is on its way to the screen.
  if (waiting_.empty() && in_flight_.empty()) unseen_since_ = Clock::now();
  move_all(callbacks, waiting_);
}

void FramePacer::move_all(FrameCallbacks& from, FrameCallbacks& to) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
  from.clear();
}

int FramePacer::on_timer(void* self) {
  static_cast<FramePacer*>(self)->run();
  return 0;
}

void FramePacer::answer(FrameCallbacks& callbacks) {
  auto const since_start = Clock::now().time_since_epoch();
  auto const now = static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since_start).count());
  FrameCallbacks const due = std::exchange(callbacks, {});
  for (auto const& callback : due) callback->done(now);
}

void FramePacer::run() {
  auto const now = Clock::now();
  if (!ready_.empty() && now - last_ >= kShortest) {
    last_ = now;
    answer(ready_);
  }
  auto const slow_due = std::max(last_, unseen_since_) + kSlowTick;
  if (now >= slow_due && (!waiting_.empty() || !in_flight_.empty())) {
    last_ = now;
    answer(in_flight_);
    answer(waiting_);
  }
  if (ready_.empty() && waiting_.empty() && in_flight_.empty()) {
    wl_event_source_timer_update(timer_.get(), 0);
    return;
  }
  auto const due = ready_.empty() ? std::max(last_, unseen_since_) + kSlowTick : last_ + kShortest;
  auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(due - now).count() + 1;
  wl_event_source_timer_update(timer_.get(), static_cast<int>(std::max<std::int64_t>(left, 1)));
}

}  // namespace bh::gui_agent
