// A Wayland program of one window, as the relay's measured client: one shm buffer, damage, commit, wait for the frame callback.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"

namespace bh::bench {

class WaylandWindow {
 public:
  // `socket` is an absolute path, or a name below XDG_RUNTIME_DIR. Waits for the first configure.
  static Result<WaylandWindow> open(std::string const& socket, int width, int height);
  WaylandWindow(WaylandWindow&&) noexcept;
  WaylandWindow& operator=(WaylandWindow&&) noexcept;
  ~WaylandWindow();
  // Damages the rectangle at 0,0, commits, waits for the frame callback: seconds. Negative: connection lost or 10 s without answer.
  double frame(int width, int height);

 private:
  struct State;
  explicit WaylandWindow(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bh::bench
