#include "gui-daemon/daemon/core/paint_queue.h"

#include <utility>

namespace bh::gui {

Result<void, ProtocolError> PaintQueue::damage(std::optional<Area> area, bool limited) {
  // GUARD: an agent that floods us with damage instead of waiting.
  if (limited && frame_owed_ && ++unanswered_ > kMaxUnansweredDamage) return Failure{ProtocolError::damage_flood};
  frame_owed_ = true;
  if (area) expose(*area);
  return {};
}

void PaintQueue::expose(Area area) { pending_ = pending_ ? united(*pending_, area) : area; }

std::optional<Area> PaintQueue::start() {
  if (in_flight_ || !pending_) return std::nullopt;
  in_flight_ = true;
  return std::exchange(pending_, std::nullopt);
}

bool PaintQueue::take_frame_done() {
  if (in_flight_ || !frame_owed_) return false;
  frame_owed_ = false;
  unanswered_ = 0;
  return true;
}

}  // namespace bh::gui
