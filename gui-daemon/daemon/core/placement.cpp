#include "gui-daemon/daemon/core/placement.h"

#include <algorithm>

namespace bh::gui {
namespace {

// Length and start of one axis, put inside [area_start, area_start + area_length).
struct Span {
  std::int32_t start;
  std::uint32_t length;
};
Span fit(Span wanted, Span area) {
  std::uint32_t const length = std::min(wanted.length, area.length);
  std::int32_t const last = area.start + static_cast<std::int32_t>(area.length - length);
  return {std::clamp(wanted.start, area.start, last), length};
}

std::uint32_t without(std::uint32_t length, std::uint32_t margins) { return length > margins ? length - margins : 1; }

}  // namespace

FrameInsets insets(FrameKind kind) {
  if (kind == FrameKind::popup) return {kPopupBorder, kPopupBorder, kPopupBorder, kPopupBorder};
  return {kBorder, kBorder + kTitleHeight, kBorder, kBorder};
}

bool popup_allowed(Extent const& extent, WorkArea const& area) {
  auto const whole = std::uint64_t{area.extent.width()} * area.extent.height();
  return std::uint64_t{extent.width()} * extent.height() * 10 <= whole * 9;
}

Geometry fit_popup(Geometry const& wanted, WorkArea const& area) {
  Span const x = fit({wanted.position.x(), wanted.extent.width()}, {area.position.x(), area.extent.width()});
  Span const y = fit({wanted.position.y(), wanted.extent.height()}, {area.position.y(), area.extent.height()});
  return {Position::of(x.start, y.start), Extent::of(x.length, y.length)};
}

Geometry fit_titled(Geometry const& wanted, WorkArea const& area) {
  FrameInsets const frame = insets(FrameKind::titled);
  WorkArea const inner{
      Position::of(area.position.x() + static_cast<std::int32_t>(frame.left), area.position.y() + static_cast<std::int32_t>(frame.top)),
      Extent::of(without(area.extent.width(), frame.left + frame.right), without(area.extent.height(), frame.top + frame.bottom))};
  return fit_popup(wanted, inner);
}

}  // namespace bh::gui
