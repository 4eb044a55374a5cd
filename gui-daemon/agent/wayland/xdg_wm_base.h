// xdg_wm_base and xdg_positioner.
#pragma once

#include "gui-daemon/agent/wayland/resource.h"
#include "gui-daemon/agent/wayland/shell_context.h"

namespace bh::gui_agent {

// `context` outlives the display.
[[nodiscard]] Global make_xdg_wm_base(wl_display* display, ShellContext& context);

}  // namespace bh::gui_agent
