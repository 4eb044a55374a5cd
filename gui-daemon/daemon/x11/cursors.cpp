#include "gui-daemon/daemon/x11/cursors.h"

#include <array>
#include <string_view>

namespace bh::gui::x11 {

Cursors::Cursors(Connection const& connection) : connection_(connection), font_(xcb_generate_id(connection.raw())) {
  constexpr std::string_view kName = "cursor";
  Reply<xcb_generic_error_t> const error(xcb_request_check(
      connection.raw(), xcb_open_font_checked(connection.raw(), font_, static_cast<std::uint16_t>(kName.size()), kName.data())));
  if (error) font_ = XCB_NONE;  // a server without fonts: everything keeps the parent's cursor
}

xcb_cursor_t Cursors::glyph(std::uint16_t number) {
  if (font_ == XCB_NONE) return XCB_NONE;
  if (auto const it = made_.find(number); it != made_.end()) return it->second;
  xcb_cursor_t const cursor = xcb_generate_id(connection_.raw());
  xcb_create_glyph_cursor(connection_.raw(), cursor, font_, font_, number, static_cast<std::uint16_t>(number + 1), 0, 0, 0, 0xFFFF, 0xFFFF, 0xFFFF);
  made_.emplace(number, cursor);
  return cursor;
}

xcb_cursor_t Cursors::edge(std::uint32_t direction) {
  // XC_top_left_corner, top_side, top_right_corner, right_side, bottom_right_corner, bottom_side, bottom_left_corner, left_side
  constexpr std::array<std::uint16_t, 8> kGlyphs{134, 138, 136, 96, 14, 16, 12, 70};
  return glyph(kGlyphs[direction % kGlyphs.size()]);
}

}  // namespace bh::gui::x11
