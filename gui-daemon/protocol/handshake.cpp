#include "gui-daemon/protocol/handshake.h"

#include <algorithm>

namespace bh::gui {

Bytes encode_version(Version version) {
  ByteWriter out;
  out.u32_le((std::uint32_t{version.major} << 16) | version.minor);
  return std::move(out).take();
}

Result<Version, ProtocolError> decode_version(ByteSpan bytes) {
  ByteReader in(bytes);
  auto const word = in.u32_le();
  if (!word || in.left() != 0) return Failure{ProtocolError::bad_version};
  return Version{static_cast<std::uint16_t>(*word >> 16), static_cast<std::uint16_t>(*word & 0xFFFF)};
}

Result<Version, ProtocolError> negotiate(Version agent) {
  // GUARD: an agent of another age whose messages would be read with our lengths.
  if (agent.major != kOurVersion.major) return Failure{ProtocolError::bad_version};
  Version const common{kOurVersion.major, std::min(agent.minor, kOurVersion.minor)};
  if (common < kOldestVersion) return Failure{ProtocolError::bad_version};
  return common;
}

Result<Version, ProtocolError> accept_negotiated(Version answer) {
  if (answer.major != kOurVersion.major || answer < kOldestVersion || answer > kOurVersion) return Failure{ProtocolError::bad_version};
  return answer;
}

ScreenInfo ScreenInfo::of(std::uint32_t root_width, std::uint32_t root_height) {
  std::uint32_t const width = (root_width + 7) / 8 * 8;
  auto const kib = std::uint64_t{width} * root_height * 4 / 1024 + 1;
  return {width, root_height, 24, static_cast<std::uint32_t>(kib)};
}

Bytes encode_screen_info(ScreenInfo const& info) {
  ByteWriter out;
  out.u32_le(info.width).u32_le(info.height).u32_le(info.depth).u32_le(info.memory_kib);
  return std::move(out).take();
}

Result<ScreenInfo, ProtocolError> decode_screen_info(ByteSpan bytes) {
  if (bytes.size() != kScreenInfoSize) return Failure{ProtocolError::bad_body};
  ByteReader in(bytes);
  return ScreenInfo{*in.u32_le(), *in.u32_le(), *in.u32_le(), *in.u32_le()};
}

}  // namespace bh::gui
