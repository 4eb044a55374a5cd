// Positioner: where a popup goes, after xdg_positioner's rules. Pure; coordinates are relative to the parent's window geometry.
#pragma once

#include <cstdint>

#include "gui-daemon/agent/core/rect.h"

namespace bh::gui_agent {

enum class Edge : std::uint8_t { none, top, bottom, left, right, top_left, bottom_left, top_right, bottom_right };

struct Adjustments {
  bool slide_x = false;
  bool slide_y = false;
  bool flip_x = false;
  bool flip_y = false;
  bool resize_x = false;
  bool resize_y = false;
};

struct Positioner {
  Size size;
  Rect anchor_rect;
  bool has_anchor_rect = false;
  Edge anchor = Edge::none;
  Edge gravity = Edge::none;
  Adjustments adjust;
  Point offset;

  [[nodiscard]] bool complete() const { return !size.empty() && has_anchor_rect; }
};

// The popup's rectangle. `limits` is where it should stay, in the same coordinates (the screen moved by the parent's origin).
[[nodiscard]] Rect place_popup(Positioner const& positioner, Rect const& limits);

}  // namespace bh::gui_agent
