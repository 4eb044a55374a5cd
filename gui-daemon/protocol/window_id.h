// WindowId: the agent's number for a window. Only a name; it is never an index or an X resource of ours.
#pragma once

#include <cstdint>

#include "base/strong_number.h"

namespace bh::gui {
using WindowId = StrongNumber<struct WindowIdTag, std::uint32_t>;
inline constexpr WindowId kNoWindow{0};
}  // namespace bh::gui
