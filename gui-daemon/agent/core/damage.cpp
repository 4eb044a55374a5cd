#include "gui-daemon/agent/core/damage.h"

#include <cstdint>
#include <limits>

namespace bh::gui_agent {

namespace {
// Pixels copied in vain if the two become one.
std::int64_t waste(Rect const& a, Rect const& b) { return bounding(a, b).area() - a.area() - b.area(); }
}  // namespace

void Damage::add(Rect const& rect) {
  if (rect.empty()) return;
  Rect grown = rect;
  // Uniting may make another union free, hence the restart.
  for (std::size_t i = 0; i < rects_.size();) {
    if (waste(rects_[i], grown) <= 0) {
      grown = bounding(rects_[i], grown);
      rects_.erase(rects_.begin() + static_cast<std::ptrdiff_t>(i));
      i = 0;
    } else {
      ++i;
    }
  }
  rects_.push_back(grown);
  if (rects_.size() > kMaxRects) unite_cheapest_pair();
}

void Damage::add(Damage const& other, Point offset) {
  for (Rect const& rect : other.rects_) add(rect.moved(offset.x, offset.y));
}

void Damage::unite_cheapest_pair() {
  std::size_t first = 0;
  std::size_t second = 1;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 0; i < rects_.size(); ++i) {
    for (std::size_t j = i + 1; j < rects_.size(); ++j) {
      std::int64_t const cost = waste(rects_[i], rects_[j]);
      if (cost < least) {
        least = cost;
        first = i;
        second = j;
      }
    }
  }
  Rect const united = bounding(rects_[first], rects_[second]);
  rects_.erase(rects_.begin() + static_cast<std::ptrdiff_t>(second));
  rects_.erase(rects_.begin() + static_cast<std::ptrdiff_t>(first));
  add(united);
}

void Damage::clip(Rect const& limits) {
  std::vector<Rect> kept;
  for (Rect const& rect : rects_) {
    Rect const inside = intersection(rect, limits);
    if (!inside.empty()) kept.push_back(inside);
  }
  rects_ = std::move(kept);
}

Rect Damage::bounds() const {
  Rect all;
  for (Rect const& rect : rects_) all = bounding(all, rect);
  return all;
}

}  // namespace bh::gui_agent
