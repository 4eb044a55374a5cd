// What the agent says, as the agent fills it in; encoding only. The daemon reads the same bytes through checked_message.h.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "gui-daemon/protocol/window_flags.h"
#include "gui-daemon/protocol/window_id.h"

namespace bh::gui::from_agent {

struct Create {
  std::int32_t x = 0;
  std::int32_t y = 0;
  std::uint32_t width = 1;
  std::uint32_t height = 1;
  WindowId parent = kNoWindow;
  bool override_redirect = false;
};
struct Destroy {};
struct Map {
  WindowId transient_for = kNoWindow;
  bool override_redirect = false;
};
struct Unmap {};
struct Configure {
  std::int32_t x = 0;
  std::int32_t y = 0;
  std::uint32_t width = 1;
  std::uint32_t height = 1;
  bool override_redirect = false;
};
// SHMIMAGE: this rectangle of the window changed.
struct Damage {
  std::int32_t x = 0;
  std::int32_t y = 0;
  std::uint32_t width = 1;
  std::uint32_t height = 1;
};
struct ClipboardData {
  Bytes data;
};
// UTF-8; cut to 127 bytes on the wire.
struct WindowName {
  std::string text;
};
struct Dock {};
// X size hints; a group counts only if its flag is set.
struct WindowHints {
  std::uint32_t flags = 0;
  std::uint32_t min_width = 0;
  std::uint32_t min_height = 0;
  std::uint32_t max_width = 0;
  std::uint32_t max_height = 0;
  std::uint32_t width_increment = 0;
  std::uint32_t height_increment = 0;
  std::uint32_t base_width = 0;
  std::uint32_t base_height = 0;
};
struct WindowFlags {
  std::uint32_t set = 0;
  std::uint32_t unset = 0;
};
struct WindowClass {
  std::string res_class;
  std::string res_name;
};
// WINDOW_DUMP type 0.
struct GrantDump {
  std::uint32_t width = 1;
  std::uint32_t height = 1;
  std::vector<std::uint32_t> grants;
};
// WINDOW_DUMP type 0x42480001 (EXTENSION.md); stride is width * 4 and the format XRGB8888.
struct MemoryDump {
  std::uint32_t width = 1;
  std::uint32_t height = 1;
  std::uint64_t offset = 0;
};
struct Cursor {
  std::uint32_t shape = 0;  // 0, or 0x100 + glyph of the X cursor font
};

using Message = std::variant<Create, Destroy, Map, Unmap, Configure, Damage, ClipboardData, WindowName, Dock, WindowHints, WindowFlags,
                             WindowClass, GrantDump, MemoryDump, Cursor>;

// Header and body, ready to send.
[[nodiscard]] Bytes encode(WindowId window, Message const& message);

}  // namespace bh::gui::from_agent
