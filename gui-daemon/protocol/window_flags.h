// Bits of WINDOW_FLAGS and WINDOW_HINTS.
#pragma once

#include <cstdint>

namespace bh::gui {

inline constexpr std::uint32_t kFlagFullscreen = 1;
inline constexpr std::uint32_t kFlagDemandsAttention = 2;
inline constexpr std::uint32_t kFlagMinimize = 4;

inline constexpr std::uint32_t kHintUserPosition = 1;
inline constexpr std::uint32_t kHintProgramPosition = 4;
inline constexpr std::uint32_t kHintMinSize = 0x10;
inline constexpr std::uint32_t kHintMaxSize = 0x20;
inline constexpr std::uint32_t kHintIncrement = 0x40;
inline constexpr std::uint32_t kHintBaseSize = 0x100;

}  // namespace bh::gui
