// InputRegion: a wl_region as the list of its additions and subtractions; asked only for single points.
#pragma once

#include <vector>

#include "gui-daemon/agent/core/rect.h"

namespace bh::gui_agent {

class InputRegion {
 public:
  // GUARD: a client that adds for ever. Beyond this the region is taken as it stands.
  static constexpr std::size_t kMaxSteps = 4096;

  void change(Rect const& rect, bool add) {
    if (steps_.size() < kMaxSteps) steps_.push_back({rect, add});
  }
  [[nodiscard]] bool contains(Point point) const {
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      if (step->rect.contains(point)) return step->add;
    }
    return false;
  }

 private:
  struct Step {
    Rect rect;
    bool add;
  };
  std::vector<Step> steps_;
};

}  // namespace bh::gui_agent
