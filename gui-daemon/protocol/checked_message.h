// The validation layer (gui.md 5): the bytes of a message from an agent -> checked types, or the reason and its severity. The
// daemon has no other way to read a body. What depends on the windows that exist is checked by daemon/core.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/result.h"
#include "gui-daemon/protocol/geometry.h"
#include "gui-daemon/protocol/message_stream.h"
#include "gui-daemon/protocol/window_flags.h"
#include "gui-daemon/protocol/window_text.h"

namespace bh::gui::checked {

struct Create {
  Position position;
  Extent extent;
  bool override_redirect;
};
struct Destroy {};
struct Map {
  WindowId transient_for;  // a claim: it may not exist
  bool override_redirect;
};
struct Unmap {};
struct Configure {
  Position position;
  Extent extent;
};
struct Damage {
  DamageClaim claim;
};
struct ClipboardData {
  Bytes data;
};
struct WindowName {
  SanitizedText text;
};
struct Dock {};
struct SizeRange {
  std::uint32_t width;
  std::uint32_t height;
};
// A group that made no sense is absent.
struct WindowHints {
  std::optional<SizeRange> min;
  std::optional<SizeRange> max;
  std::optional<SizeRange> increment;
  std::optional<SizeRange> base;
  std::uint32_t position_flags = 0;  // kHintUserPosition | kHintProgramPosition
};
struct WindowFlags {
  std::uint32_t set;
  std::uint32_t unset;
};
struct WindowClass {
  SanitizedText res_class;
  SanitizedText res_name;
};
// Consecutive references; conformance.md 4 names the shared file by the first and their number.
struct GrantDump {
  Extent extent;
  std::uint32_t first;
  std::uint32_t count;
};
// A slice that lies wholly inside the window memory.
struct MemoryDump {
  Extent extent;
  std::uint64_t offset;
};
struct Cursor {
  std::optional<std::uint16_t> glyph;  // of the X cursor font, even; nullopt: default
};

using Message = std::variant<Create, Destroy, Map, Unmap, Configure, Damage, ClipboardData, WindowName, Dock, WindowHints, WindowFlags,
                             WindowClass, GrantDump, MemoryDump, Cursor>;

struct Limits {
  std::optional<std::uint64_t> window_memory;  // size of the region; nullopt: the extension is off
};

// Of a message from a MessageStream(Direction::to_daemon).
Result<Message, Reject> check(RawMessage const& raw, Limits const& limits);

}  // namespace bh::gui::checked
