// ShellContext: what shell objects need; owned by main, outlives every client.
#pragma once

#include <wayland-server-core.h>

namespace bh::gui_agent {

class Desktop;
class Output;
class Seat;

struct ShellContext {
  wl_event_loop* loop = nullptr;
  Desktop* desktop = nullptr;
  Output* output = nullptr;
  Seat* seat = nullptr;
};

}  // namespace bh::gui_agent
