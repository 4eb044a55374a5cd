// PaintQueue: flow control of one window (EXTENSION.md): one copy in flight, damage meanwhile united, one FRAME_DONE owed at most.
#pragma once

#include <optional>

#include "base/result.h"
#include "gui-daemon/protocol/geometry.h"

namespace bh::gui {

class PaintQueue {
 public:
  // A SHMIMAGE; nullopt: nothing of it is visible, but it wants its FRAME_DONE. `limited`: the agent knows the flow control.
  Result<void, ProtocolError> damage(std::optional<Area> area, bool limited);
  // The display server lost this part of our window; owes the agent nothing.
  void expose(Area area);
  // The next copy to make, now in flight; nullopt: none to make, or one is in flight.
  std::optional<Area> start();
  // The copy in flight has been made, or failed.
  void finished() { in_flight_ = false; }
  // The buffer is gone: nothing waits to be copied any more.
  void drop_pending() { pending_.reset(); }
  // True once when nothing is in flight and a FRAME_DONE is owed; ask after start() had nothing to make.
  bool take_frame_done();
  [[nodiscard]] bool in_flight() const { return in_flight_; }

 private:
  std::optional<Area> pending_;
  bool in_flight_ = false;
  bool frame_owed_ = false;
  std::uint32_t unanswered_ = 0;
};

}  // namespace bh::gui
