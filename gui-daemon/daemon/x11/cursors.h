// Cursors of the X cursor font, made when first wanted.
#pragma once

#include <map>

#include "gui-daemon/daemon/x11/connection.h"

namespace bh::gui::x11 {

inline constexpr std::uint16_t kArrowGlyph = 68;

class Cursors {
 public:
  explicit Cursors(Connection const& connection);
  [[nodiscard]] xcb_cursor_t glyph(std::uint16_t number);
  // For the frame: an arrow, or the double arrow of an edge.
  [[nodiscard]] xcb_cursor_t edge(std::uint32_t direction);

 private:
  Connection const& connection_;
  xcb_font_t font_;
  std::map<std::uint16_t, xcb_cursor_t> made_;
};

}  // namespace bh::gui::x11
