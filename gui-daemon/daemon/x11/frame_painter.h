// What our frames look like: a pure layout, and a painter that draws title and hatching over the label colour. The colour itself is
// the window's background, so the server shows it before anything is drawn and whatever the guest does (R14, R15).
#pragma once

#include <array>
#include <optional>
#include <string>

#include "gui-daemon/daemon/core/label.h"
#include "gui-daemon/daemon/core/placement.h"
#include "gui-daemon/daemon/x11/connection.h"

namespace bh::gui::x11 {

enum class TitleButton { minimise, maximise, close };

// What lies under a point of a titled frame.
struct FrameSpot {
  enum class Kind { title, button, edge } kind;
  TitleButton button = TitleButton::close;
  std::uint32_t edge = 0;  // direction of _NET_WM_MOVERESIZE: 0 top left, clockwise, 7 left
};
[[nodiscard]] FrameSpot spot_at(Extent const& frame, std::int32_t x, std::int32_t y);

struct FrameView {
  Extent extent = Extent::of(1, 1);  // of the whole frame window
  FrameKind kind = FrameKind::titled;
  bool focused = false;
  std::optional<TitleButton> hovered;
  std::string title;                 // the guest's, sanitized
};
void paint_frame(Connection const& connection, xcb_window_t window, Label const& label, FrameView const& view);

}  // namespace bh::gui::x11
