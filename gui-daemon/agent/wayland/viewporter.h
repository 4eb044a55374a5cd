// wp_viewporter: a part of a buffer, shown in another size.
#pragma once

#include "gui-daemon/agent/wayland/resource.h"

namespace bh::gui_agent {

[[nodiscard]] Global make_viewporter(wl_display* display);

}  // namespace bh::gui_agent
