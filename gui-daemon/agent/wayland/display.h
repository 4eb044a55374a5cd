// Display: the wl_display and its socket; destroys all clients before what they refer to.
#pragma once

#include <wayland-server-core.h>

#include <memory>
#include <string>

#include "base/error.h"

namespace bh::gui_agent {

class Display {
 public:
  static Result<Display> create();
  Display(Display&&) noexcept = default;
  Display& operator=(Display&&) = delete;

  [[nodiscard]] wl_display* get() const { return display_.get(); }
  [[nodiscard]] wl_event_loop* loop() const { return wl_display_get_event_loop(display_.get()); }
  // `name` as in WAYLAND_DISPLAY: a name in XDG_RUNTIME_DIR, or an absolute path.
  Result<void> listen(std::string const& name);
  void end_clients() { wl_display_destroy_clients(display_.get()); }

 private:
  struct Free {
    void operator()(wl_display* display) const { wl_display_destroy(display); }
  };
  explicit Display(wl_display* display) : display_(display) {}
  std::unique_ptr<wl_display, Free> display_;
};

}  // namespace bh::gui_agent
