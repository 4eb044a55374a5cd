// Pointer: the wl_pointers of all clients and the surface under the pointer.
#pragma once

#include <set>

#include "gui-daemon/agent/wayland/resource_list.h"
#include "gui-daemon/agent/wayland/surface.h"

namespace bh::gui_agent {

class Pointer {
 public:
  explicit Pointer(wl_display* display) : display_(display) {}

  void add(NewResource const& wanted);
  // `point` in coordinates of `root`. While a button is down the surface that got it keeps the pointer.
  void move(std::shared_ptr<Surface> const& root, Point point);
  void leave();
  // An X button number; 4-7 turn the wheel.
  void button(std::uint32_t x_button, bool pressed);
  [[nodiscard]] wl_client* focus_client() const;
  // Buttons that were down are let go: the display is gone.
  void release_all();

 private:
  void focus(std::shared_ptr<Surface> const& surface, Point local);
  void scroll(std::uint32_t x_button);
  static void send_frame(wl_resource* pointer);

  wl_display* display_;
  ResourceList resources_;
  std::weak_ptr<Surface> focus_;
  Point focus_origin_;  // of the focus in its root
  Point local_;
  std::set<std::uint32_t> down_;
};

}  // namespace bh::gui_agent
