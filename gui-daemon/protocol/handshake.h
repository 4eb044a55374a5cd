// The headerless beginning of a connection: agent's version word, the negotiated word back, then the screen's size (gui.md 2).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "gui-daemon/protocol/protocol_error.h"

namespace bh::gui {

struct Version {
  std::uint16_t major = 1;
  std::uint16_t minor = 8;
  friend auto operator<=>(Version const&, Version const&) = default;
};
inline constexpr Version kOurVersion{1, 8};
// Below 1.7 there are no acknowledgements of dumps, below 1.6 lengths may lie: not spoken.
inline constexpr Version kOldestVersion{1, 7};
inline constexpr std::size_t kVersionSize = 4;
inline constexpr std::size_t kScreenInfoSize = 16;

[[nodiscard]] Bytes encode_version(Version version);
// Exactly 4 bytes.
Result<Version, ProtocolError> decode_version(ByteSpan bytes);
// Daemon's side: what both speak.
Result<Version, ProtocolError> negotiate(Version agent);
// Agent's side: the daemon's answer to kOurVersion.
Result<Version, ProtocolError> accept_negotiated(Version answer);

// msg_xconf. The agent may use width and height as the size of its virtual screen.
struct ScreenInfo {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t depth = 24;
  std::uint32_t memory_kib = 0;
  static ScreenInfo of(std::uint32_t root_width, std::uint32_t root_height);
};
[[nodiscard]] Bytes encode_screen_info(ScreenInfo const& info);
Result<ScreenInfo, ProtocolError> decode_screen_info(ByteSpan bytes);

}  // namespace bh::gui
