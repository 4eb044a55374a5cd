// Rect: whole pixels, half open. Arithmetic saturates at a range that no window reaches, so that a client's INT_MAX never wraps.
#pragma once

#include <algorithm>
#include <cstdint>

namespace bh::gui_agent {

struct Point {
  int x = 0;
  int y = 0;
  friend bool operator==(Point, Point) = default;
};

struct Size {
  int width = 0;
  int height = 0;
  friend bool operator==(Size, Size) = default;
  [[nodiscard]] bool empty() const { return width <= 0 || height <= 0; }
};

struct Rect {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;

  friend bool operator==(Rect const&, Rect const&) = default;
  [[nodiscard]] bool empty() const { return width <= 0 || height <= 0; }
  [[nodiscard]] int right() const { return x + width; }
  [[nodiscard]] int bottom() const { return y + height; }
  [[nodiscard]] std::int64_t area() const { return empty() ? 0 : std::int64_t{width} * height; }
  [[nodiscard]] bool contains(Point p) const { return p.x >= x && p.y >= y && p.x < right() && p.y < bottom(); }
  [[nodiscard]] Rect moved(int dx, int dy) const { return {x + dx, y + dy, width, height}; }
};

// Far outside every surface, and far enough inside int for sums of a few of them.
inline constexpr int kFar = 1 << 20;

// A rectangle as a client gave it. GUARD: damage and positions of INT_MAX size are legal on the wire.
[[nodiscard]] inline Rect clamped_rect(std::int64_t x, std::int64_t y, std::int64_t width, std::int64_t height) {
  auto const clamp = [](std::int64_t v) { return static_cast<int>(std::clamp<std::int64_t>(v, -kFar, kFar)); };
  int const left = clamp(x);
  int const top = clamp(y);
  int const right = clamp(x + std::max<std::int64_t>(width, 0));
  int const bottom = clamp(y + std::max<std::int64_t>(height, 0));
  return {left, top, right - left, bottom - top};
}

[[nodiscard]] inline Rect intersection(Rect const& a, Rect const& b) {
  int const left = std::max(a.x, b.x);
  int const top = std::max(a.y, b.y);
  int const right = std::min(a.right(), b.right());
  int const bottom = std::min(a.bottom(), b.bottom());
  if (right <= left || bottom <= top) return {};
  return {left, top, right - left, bottom - top};
}

// The smallest rectangle around both; an empty one adds nothing.
[[nodiscard]] inline Rect bounding(Rect const& a, Rect const& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  int const left = std::min(a.x, b.x);
  int const top = std::min(a.y, b.y);
  return {left, top, std::max(a.right(), b.right()) - left, std::max(a.bottom(), b.bottom()) - top};
}

}  // namespace bh::gui_agent
