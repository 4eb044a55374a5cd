#include "gui-daemon/agent/core/positioner.h"

namespace bh::gui_agent {

namespace {

// One axis at a time: -1 towards the start, 1 towards the end, 0 centred.
struct Axis {
  int anchor_start;
  int anchor_length;
  int anchor;
  int gravity;
  int length;
  int offset;
};

struct Interval {
  int start;
  int length;
  [[nodiscard]] int end() const { return start + length; }
};

int horizontal(Edge edge) {
  switch (edge) {
    case Edge::left:
    case Edge::top_left:
    case Edge::bottom_left: return -1;
    case Edge::right:
    case Edge::top_right:
    case Edge::bottom_right: return 1;
    case Edge::none:
    case Edge::top:
    case Edge::bottom: return 0;
  }
  return 0;
}

int vertical(Edge edge) {
  switch (edge) {
    case Edge::top:
    case Edge::top_left:
    case Edge::top_right: return -1;
    case Edge::bottom:
    case Edge::bottom_left:
    case Edge::bottom_right: return 1;
    case Edge::none:
    case Edge::left:
    case Edge::right: return 0;
  }
  return 0;
}

int start_of(Axis const& axis) {
  int const anchor_point = axis.anchor < 0   ? axis.anchor_start
                           : axis.anchor > 0 ? axis.anchor_start + axis.anchor_length
                                             : axis.anchor_start + axis.anchor_length / 2;
  int const by_gravity = axis.gravity < 0 ? -axis.length : axis.gravity > 0 ? 0 : -axis.length / 2;
  return anchor_point + by_gravity + axis.offset;
}

bool fits(Interval const& popup, Interval const& limits) {
  return popup.start >= limits.start && popup.end() <= limits.end();
}

// The order flip, slide, resize is the protocol's.
Interval adjusted(Axis const& axis, Interval const& limits, bool flip, bool slide, bool resize) {
  Interval popup{start_of(axis), axis.length};
  if (fits(popup, limits)) return popup;
  if (flip) {
    Axis flipped = axis;
    flipped.anchor = -axis.anchor;
    flipped.gravity = -axis.gravity;
    flipped.offset = -axis.offset;
    Interval const other{start_of(flipped), axis.length};
    if (fits(other, limits)) return other;
  }
  if (slide) {
    if (popup.end() > limits.end()) popup.start = limits.end() - popup.length;
    if (popup.start < limits.start) popup.start = limits.start;
    if (fits(popup, limits)) return popup;
  }
  if (resize) {
    int const start = std::max(popup.start, limits.start);
    int const end = std::min(popup.end(), limits.end());
    if (end > start) popup = {start, end - start};
  }
  return popup;
}

}  // namespace

Rect place_popup(Positioner const& p, Rect const& limits) {
  Axis const across{p.anchor_rect.x, p.anchor_rect.width, horizontal(p.anchor), horizontal(p.gravity), p.size.width, p.offset.x};
  Axis const down{p.anchor_rect.y, p.anchor_rect.height, vertical(p.anchor), vertical(p.gravity), p.size.height, p.offset.y};
  Interval const x = adjusted(across, {limits.x, limits.width}, p.adjust.flip_x, p.adjust.slide_x, p.adjust.resize_x);
  Interval const y = adjusted(down, {limits.y, limits.height}, p.adjust.flip_y, p.adjust.slide_y, p.adjust.resize_y);
  return {x.start, y.start, x.length, y.length};
}

}  // namespace bh::gui_agent
