// Every number that bounds the GUI protocol (gui.md 3 and 5, DESIGN 6). One place, so that a test can stand on each edge.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bh::gui {

inline constexpr std::uint32_t kMaxWidth = 16384;
inline constexpr std::uint32_t kMaxHeight = 6144;
inline constexpr std::uint32_t kPageSize = 4096;
inline constexpr std::uint32_t kBytesPerPixel = 4;
inline constexpr std::uint32_t kMaxGrants = 98304;  // kMaxWidth * kMaxHeight * kBytesPerPixel / kPageSize
inline constexpr std::uint32_t kDumpHeaderSize = 16;
inline constexpr std::uint32_t kMaxDumpBody = kDumpHeaderSize + 4 * kMaxGrants;
inline constexpr std::uint32_t kMaxClipboard = 256001;  // one above the largest clipboard says "too big"
inline constexpr std::size_t kHeaderSize = 12;
inline constexpr std::size_t kMaxMessage = kHeaderSize + kMaxDumpBody;
inline constexpr std::uint32_t kMaxKeymapNames = 256;
inline constexpr std::uint32_t kMaxSkippedBody = 1u << 20;  // of a type that an agent does not know

inline constexpr std::size_t kMaxWindows = 500;                         // of one qube
inline constexpr std::uint64_t kMaxQubeBytes = 4096ull * 1024 * 1024;   // sum of all buffers of one qube
inline constexpr std::uint32_t kMaxUnansweredDamage = 64;               // EXTENSION.md, flow control

}  // namespace bh::gui
