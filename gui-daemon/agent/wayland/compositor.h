// wl_compositor: the factory of surfaces and regions.
#pragma once

#include "gui-daemon/agent/wayland/resource.h"

namespace bh::gui_agent {

[[nodiscard]] Global make_compositor(wl_display* display);

}  // namespace bh::gui_agent
