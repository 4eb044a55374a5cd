// Subsurface: wl_subsurface, a surface that is drawn as part of another.
#pragma once

#include <wayland-server-core.h>

#include <memory>

#include "gui-daemon/agent/wayland/resource.h"
#include "gui-daemon/agent/wayland/surface.h"

namespace bh::gui_agent {

class Subsurface {
 public:
  Subsurface(std::shared_ptr<Surface> const& surface, std::shared_ptr<Surface> const& parent)
      : surface_(surface), parent_(parent) {}

  void resource_gone(wl_resource*) { unlink(); }
  // Its surface or its parent is gone, or the client destroyed it.
  void unlink();

  [[nodiscard]] std::shared_ptr<Surface> surface() const { return surface_.lock(); }
  [[nodiscard]] std::shared_ptr<Surface> parent() const { return parent_.lock(); }
  [[nodiscard]] Point position() const { return position_; }
  // Where it lies once its parent commits.
  void move_to(Point position) { pending_position_ = position; }
  // True: it moved.
  bool apply_position();
  // A sub-surface below one that waits for its parent waits too.
  [[nodiscard]] bool waits_for_parent() const;
  void set_synchronised(bool on);

 private:
  std::weak_ptr<Surface> surface_;
  std::weak_ptr<Surface> parent_;
  Point position_;
  Point pending_position_;
  bool synchronised_ = true;
};

[[nodiscard]] Global make_subcompositor(wl_display* display);

}  // namespace bh::gui_agent
