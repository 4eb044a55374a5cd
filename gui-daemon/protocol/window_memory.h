// Numbers of the window memory extension (EXTENSION.md).
#pragma once

#include <cstdint>

namespace bh::gui {
inline constexpr std::uint32_t kMemoryDumpType = 0x42480001;
inline constexpr std::uint32_t kMemoryDumpBody = 32;
inline constexpr std::uint32_t kFormatXrgb8888 = 0x34325258;
}  // namespace bh::gui
