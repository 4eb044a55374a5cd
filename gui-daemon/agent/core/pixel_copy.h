// The copy path: client buffer to window memory, damaged rectangles only. Pure functions over spans, so that it can be measured
// and tested alone. Pixels are 32 bit, B G R X; they are moved, never compared or interpreted.
#pragma once

#include <cstdint>
#include <span>

#include "gui-daemon/agent/core/rect.h"

namespace bh::gui_agent {

struct ConstImage {
  std::span<std::byte const> bytes;
  Size size;
  int stride = 0;  // bytes, >= width * 4
  bool has_alpha = false;
};

struct Image {
  std::span<std::byte> bytes;
  Size size;
  int stride = 0;
};

// A part of the source, in source pixels; fractions come from wp_viewport.
struct SourceRect {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
};

// Copies `area` (target pixels) from the source whose pixel (0,0) lies at `origin` in the target. Everything is clipped.
void copy_pixels(ConstImage const& source, Image const& target, Point origin, Rect const& area);

// The same for a source shown with `part` stretched over `shown` (target pixels); blends over what is there when the source has alpha.
void draw_pixels(ConstImage const& source, SourceRect const& part, Image const& target, Rect const& shown, Rect const& area);

// XRGB black.
void clear_pixels(Image const& target, Rect const& area);

}  // namespace bh::gui_agent
