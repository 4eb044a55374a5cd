// Checked geometry: the only numbers of a guest that window code sees. Made by parse() or clamp(), never by hand.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "base/untrusted.h"
#include "gui-daemon/protocol/limits.h"
#include "gui-daemon/protocol/protocol_error.h"

namespace bh::gui {

struct RawExtent {
  std::uint32_t width;
  std::uint32_t height;
};
struct RawPosition {
  std::int32_t x;
  std::int32_t y;
};

// 1..16384 by 1..6144.
class Extent {
 public:
  // Anything outside is an error.
  static Result<Extent, ProtocolError> parse(Untrusted<RawExtent> raw);
  // Too large becomes the maximum, zero becomes one.
  static Extent clamp(Untrusted<RawExtent> raw);
  // Our own numbers: clamped likewise.
  static Extent of(std::uint32_t width, std::uint32_t height);

  [[nodiscard]] std::uint32_t width() const { return width_; }
  [[nodiscard]] std::uint32_t height() const { return height_; }
  [[nodiscard]] std::uint64_t bytes() const { return std::uint64_t{width_} * height_ * kBytesPerPixel; }
  friend bool operator==(Extent const&, Extent const&) = default;

 private:
  Extent(std::uint32_t width, std::uint32_t height) : width_(width), height_(height) {}
  std::uint32_t width_;
  std::uint32_t height_;
};

// -16384..16384 by -6144..6144.
class Position {
 public:
  static Position clamp(Untrusted<RawPosition> raw);
  static Position of(std::int32_t x, std::int32_t y);
  [[nodiscard]] std::int32_t x() const { return x_; }
  [[nodiscard]] std::int32_t y() const { return y_; }
  friend bool operator==(Position const&, Position const&) = default;

 private:
  Position(std::int32_t x, std::int32_t y) : x_(x), y_(y) {}
  std::int32_t x_;
  std::int32_t y_;
};

// A rectangle that lies inside some extent, and is not empty.
struct Area {
  std::uint32_t x;
  std::uint32_t y;
  std::uint32_t width;
  std::uint32_t height;
  friend bool operator==(Area const&, Area const&) = default;
};
// The part of `area` that lies in `image`; nullopt: none.
[[nodiscard]] std::optional<Area> clipped(Area const& area, Extent const& image);
// The smallest rectangle around both.
[[nodiscard]] Area united(Area const& a, Area const& b);

// A damage rectangle before it meets the buffer it speaks of: 31 bit numbers, and no way out but clipped().
class DamageClaim {
 public:
  static Result<DamageClaim, ProtocolError> parse(Untrusted<Area> raw);
  // The part of it that lies in `image`; nullopt: none.
  [[nodiscard]] std::optional<Area> clipped(Extent const& image) const { return gui::clipped(claim_, image); }

 private:
  explicit DamageClaim(Area claim) : claim_(claim) {}
  Area claim_;
};

}  // namespace bh::gui
