// Damage: what of an image changed since it was last shown, as a few rectangles. Kept small on purpose: beyond kMaxRects the
// cheapest pair is united, so the cost of an update is bounded whatever a client sends.
#pragma once

#include <span>
#include <vector>

#include "gui-daemon/agent/core/rect.h"

namespace bh::gui_agent {

class Damage {
 public:
  static constexpr std::size_t kMaxRects = 16;

  void add(Rect const& rect);
  void add(Damage const& other, Point offset);
  // Drops what lies outside.
  void clip(Rect const& limits);
  void clear() { rects_.clear(); }

  [[nodiscard]] bool empty() const { return rects_.empty(); }
  [[nodiscard]] std::span<Rect const> rects() const { return rects_; }
  [[nodiscard]] Rect bounds() const;

 private:
  void unite_cheapest_pair();
  std::vector<Rect> rects_;
};

}  // namespace bh::gui_agent
