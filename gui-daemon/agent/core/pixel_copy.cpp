#include "gui-daemon/agent/core/pixel_copy.h"

#include <cmath>
#include <cstring>

namespace bh::gui_agent {

namespace {

constexpr int kBytesPerPixel = 4;

std::size_t offset_of(int stride, int x, int y) {
  return static_cast<std::size_t>(y) * static_cast<std::size_t>(stride) + static_cast<std::size_t>(x) * kBytesPerPixel;
}

Rect all_of(Size size) { return {0, 0, size.width, size.height}; }

std::uint32_t load(std::byte const* at) {
  std::uint32_t pixel = 0;
  std::memcpy(&pixel, at, sizeof pixel);
  return pixel;
}

// Premultiplied "over".
std::uint32_t over(std::uint32_t top, std::uint32_t below) {
  std::uint32_t const rest = 255 - (top >> 24);
  std::uint32_t result = 0;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    std::uint32_t const mixed = ((top >> shift) & 0xFF) + (((below >> shift) & 0xFF) * rest + 127) / 255;
    result |= std::min<std::uint32_t>(mixed, 255) << shift;
  }
  return result;
}

}  // namespace

void copy_pixels(ConstImage const& source, Image const& target, Point origin, Rect const& area) {
  Rect const there = intersection(all_of(source.size).moved(origin.x, origin.y), all_of(target.size));
  Rect const rect = intersection(there, area);
  if (rect.empty()) return;
  std::size_t const row = static_cast<std::size_t>(rect.width) * kBytesPerPixel;
  for (int y = rect.y; y < rect.bottom(); ++y) {
    auto const to = target.bytes.subspan(offset_of(target.stride, rect.x, y), row);
    auto const from = source.bytes.subspan(offset_of(source.stride, rect.x - origin.x, y - origin.y), row);
    std::memcpy(to.data(), from.data(), row);
  }
}

void draw_pixels(ConstImage const& source, SourceRect const& part, Image const& target, Rect const& shown, Rect const& area) {
  Rect const rect = intersection(intersection(shown, all_of(target.size)), area);
  if (rect.empty() || source.size.empty()) return;
  bool const unscaled = part.width == shown.width && part.height == shown.height && part.x == std::floor(part.x) &&
                        part.y == std::floor(part.y);
  if (unscaled && !source.has_alpha) {
    Point const origin{shown.x - static_cast<int>(part.x), shown.y - static_cast<int>(part.y)};
    return copy_pixels(source, target, origin, rect);
  }
  double const step_x = part.width / shown.width;
  double const step_y = part.height / shown.height;
  for (int y = rect.y; y < rect.bottom(); ++y) {
    int const from_y = std::clamp(static_cast<int>(part.y + (y - shown.y + 0.5) * step_y), 0, source.size.height - 1);
    for (int x = rect.x; x < rect.right(); ++x) {
      int const from_x = std::clamp(static_cast<int>(part.x + (x - shown.x + 0.5) * step_x), 0, source.size.width - 1);
      std::uint32_t pixel = load(source.bytes.subspan(offset_of(source.stride, from_x, from_y), kBytesPerPixel).data());
      auto const to = target.bytes.subspan(offset_of(target.stride, x, y), kBytesPerPixel);
      if (source.has_alpha) pixel = over(pixel, load(to.data()));
      std::memcpy(to.data(), &pixel, sizeof pixel);
    }
  }
}

void clear_pixels(Image const& target, Rect const& area) {
  Rect const rect = intersection(all_of(target.size), area);
  for (int y = rect.y; y < rect.bottom(); ++y) {
    auto const to = target.bytes.subspan(offset_of(target.stride, rect.x, y), static_cast<std::size_t>(rect.width) * kBytesPerPixel);
    std::memset(to.data(), 0, to.size());
  }
}

}  // namespace bh::gui_agent
