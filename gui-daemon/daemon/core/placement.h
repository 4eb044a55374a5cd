// Where windows may be: pure arithmetic on checked geometry.
#pragma once

#include "gui-daemon/protocol/geometry.h"

namespace bh::gui {

// Of a window's content, in the coordinates of the screen.
struct Geometry {
  Position position = Position::of(0, 0);
  Extent extent = Extent::of(1, 1);
  friend bool operator==(Geometry const&, Geometry const&) = default;
};

// The part of the screen that panels leave free.
struct WorkArea {
  Position position = Position::of(0, 0);
  Extent extent = Extent::of(1, 1);
};

enum class FrameKind {
  titled,  // managed by the window manager: border and title bar around the content
  popup,   // override-redirect: border inside the window's own edge, no title
};

inline constexpr std::uint32_t kBorder = 4;
inline constexpr std::uint32_t kTitleHeight = 24;  // between the top border and the content
inline constexpr std::uint32_t kPopupBorder = 2;

// Border and title around (titled) or inside (popup) the content.
struct FrameInsets {
  std::uint32_t left;
  std::uint32_t top;
  std::uint32_t right;
  std::uint32_t bottom;
};
[[nodiscard]] FrameInsets insets(FrameKind kind);

// Popups may cover at most 90 % of the work area; a larger window gets a title and a window manager.
[[nodiscard]] bool popup_allowed(Extent const& extent, WorkArea const& area);
// Wholly inside the work area, made smaller if it must be. GUARD: a frame side pushed off the screen (R17).
[[nodiscard]] Geometry fit_popup(Geometry const& wanted, WorkArea const& area);
// As fit_popup for a window with a frame around it.
[[nodiscard]] Geometry fit_titled(Geometry const& wanted, WorkArea const& area);

}  // namespace bh::gui
