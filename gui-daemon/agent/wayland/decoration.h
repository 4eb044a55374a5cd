// zxdg_decoration_manager_v1: frames are drawn by dom0, always; programs are told to leave them out.
#pragma once

#include "gui-daemon/agent/wayland/resource.h"

namespace bh::gui_agent {

[[nodiscard]] Global make_decoration_manager(wl_display* display);

}  // namespace bh::gui_agent
