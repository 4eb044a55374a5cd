// FramePacer: when clients may draw again. A frame callback is answered once its update is on the screen, but at most 60 times a
// second; one that nobody sees waits for the slow tick, once a second, so that programs which wait for it do not hang. No timer
// runs while nothing waits.
#pragma once

#include <chrono>

#include "gui-daemon/agent/wayland/resource.h"
#include "gui-daemon/agent/wayland/surface.h"

namespace bh::gui_agent {

class FramePacer {
 public:
  static constexpr std::chrono::milliseconds kShortest{16};
  static constexpr std::chrono::milliseconds kSlowTick{1000};

  explicit FramePacer(wl_event_loop* loop);

  // Callbacks of a commit.
  void committed(FrameCallbacks&& callbacks);
  void update_sent() { move_all(waiting_, in_flight_); }
  void update_shown() { move_all(in_flight_, ready_); }
  void nothing_to_show() { move_all(waiting_, ready_); }
  // After the calls above: answers what is due and sets the timer for the rest.
  void run();

 private:
  using Clock = std::chrono::steady_clock;
  static void move_all(FrameCallbacks& from, FrameCallbacks& to);
  static int on_timer(void* self);
  static void answer(FrameCallbacks& callbacks);

  EventSource timer_;
  FrameCallbacks waiting_;
  FrameCallbacks in_flight_;
  FrameCallbacks ready_;
  Clock::time_point last_{};           // when callbacks were answered last
  Clock::time_point unseen_since_{};   // since when something waits for the screen
};

}  // namespace bh::gui_agent
