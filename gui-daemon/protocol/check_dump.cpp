#include "gui-daemon/protocol/check_dump.h"

#include "gui-daemon/protocol/window_memory.h"

namespace bh::gui::checked {
namespace {

Failure<Reject> kill(ProtocolError reason) { return Failure{Reject{Severity::kill, reason}}; }

Result<Message, Reject> check_grants(Extent extent, ByteReader in) {
  if (in.left() == 0 || in.left() % 4 != 0 || in.left() / 4 > kMaxGrants) return kill(ProtocolError::bad_grants);
  auto const count = static_cast<std::uint32_t>(in.left() / 4);
  // GUARD: fewer pages than pixels: the display server would read beyond them.
  if (std::uint64_t{count} * kPageSize < extent.bytes()) return kill(ProtocolError::bad_grants);
  auto const first = *in.u32_le();
  for (std::uint32_t i = 1; i < count; ++i) {
    if (*in.u32_le() != first + i) return kill(ProtocolError::bad_grants);
  }
  return Message(GrantDump{extent, first, count});
}

Result<Message, Reject> check_memory(Extent extent, ByteReader in, Limits const& limits) {
  if (!limits.window_memory) return kill(ProtocolError::no_window_memory);
  if (in.left() != kMemoryDumpBody - kDumpHeaderSize) return kill(ProtocolError::bad_length);
  auto const offset = *in.u64_le();
  auto const stride = *in.u32_le();
  if (*in.u32_le() != kFormatXrgb8888) return kill(ProtocolError::bad_format);
  if (stride != extent.width() * kBytesPerPixel) return kill(ProtocolError::bad_stride);
  if (offset % kPageSize != 0) return kill(ProtocolError::bad_offset);
  // GUARD: a slice beyond the region, also by a sum that wraps: the display server is told this offset.
  if (offset > *limits.window_memory || extent.bytes() > *limits.window_memory - offset) return kill(ProtocolError::outside_memory);
  return Message(MemoryDump{extent, offset});
}

}  // namespace

Result<Message, Reject> check_dump(ByteSpan body, Limits const& limits) {
  ByteReader in(body);
  auto const type = *in.u32_le();
  auto const width = *in.u32_le();
  auto const height = *in.u32_le();
  *in.u32_le();  // bits per pixel: a guest's claim that decides nothing
  if (type != 0 && type != kMemoryDumpType) return kill(ProtocolError::bad_dump_type);
  auto extent = Extent::parse(Untrusted(RawExtent{width, height}));
  if (!extent) return kill(extent.error());
  return type == 0 ? check_grants(*extent, in) : check_memory(*extent, in, limits);
}

}  // namespace bh::gui::checked
