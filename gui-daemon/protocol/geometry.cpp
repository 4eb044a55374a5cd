#include "gui-daemon/protocol/geometry.h"

#include <algorithm>

namespace bh::gui {

Result<Extent, ProtocolError> Extent::parse(Untrusted<RawExtent> raw) {
  // GUARD: sizes whose product wraps, or that X11 and MIT-SHM cannot carry in 16 bits (R01).
  return std::move(raw).checked([](RawExtent e) -> Result<Extent, ProtocolError> {
    if (e.width == 0 || e.width > kMaxWidth || e.height == 0 || e.height > kMaxHeight) return Failure{ProtocolError::bad_extent};
    return Extent(e.width, e.height);
  });
}

Extent Extent::of(std::uint32_t width, std::uint32_t height) {
  return {std::clamp<std::uint32_t>(width, 1, kMaxWidth), std::clamp<std::uint32_t>(height, 1, kMaxHeight)};
}

Extent Extent::clamp(Untrusted<RawExtent> raw) {
  // GUARD: as parse(), where the sheet says "clamped".
  return std::move(raw).checked([](RawExtent e) { return Extent::of(e.width, e.height); });
}

Position Position::of(std::int32_t x, std::int32_t y) {
  constexpr auto kX = static_cast<std::int32_t>(kMaxWidth);
  constexpr auto kY = static_cast<std::int32_t>(kMaxHeight);
  return {std::clamp(x, -kX, kX), std::clamp(y, -kY, kY)};
}

Position Position::clamp(Untrusted<RawPosition> raw) {
  // GUARD: positions that wrap X11's 16 bit coordinates and so show the window elsewhere than we think.
  return std::move(raw).checked([](RawPosition p) { return Position::of(p.x, p.y); });
}

std::optional<Area> clipped(Area const& area, Extent const& image) {
  if (area.x >= image.width() || area.y >= image.height() || area.width == 0 || area.height == 0) return std::nullopt;
  return Area{area.x, area.y, std::min(area.width, image.width() - area.x), std::min(area.height, image.height() - area.y)};
}

Area united(Area const& a, Area const& b) {
  std::uint32_t const x = std::min(a.x, b.x);
  std::uint32_t const y = std::min(a.y, b.y);
  return {x, y, std::max(a.x + a.width, b.x + b.width) - x, std::max(a.y + a.height, b.y + b.height) - y};
}

Result<DamageClaim, ProtocolError> DamageClaim::parse(Untrusted<Area> raw) {
  // GUARD: numbers above 2^31, which are negative ones in the sheet's reading; the rest is bounded by clipped().
  return std::move(raw).checked([](Area a) -> Result<DamageClaim, ProtocolError> {
    if (((a.x | a.y | a.width | a.height) & 0x80000000u) != 0) return Failure{ProtocolError::bad_damage};
    return DamageClaim(a);
  });
}

}  // namespace bh::gui
