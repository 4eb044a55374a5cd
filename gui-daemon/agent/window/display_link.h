// DisplayLink: the way to the daemon, as windows see it. Messages are queued, never waited for.
#pragma once

#include "gui-daemon/protocol/from_agent.h"

namespace bh::gui_agent {

class DisplayLink {
 public:
  virtual ~DisplayLink() = default;
  // False: messages would be lost; windows are announced anew on the next connection.
  [[nodiscard]] virtual bool connected() const = 0;
  virtual void send(gui::WindowId window, gui::from_agent::Message const& message) = 0;
};

}  // namespace bh::gui_agent
