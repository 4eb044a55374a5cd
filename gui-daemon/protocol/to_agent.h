// What the daemon says: encoded by the daemon, decoded by the agent.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "gui-daemon/protocol/message_stream.h"
#include "gui-daemon/protocol/protocol_error.h"
#include "gui-daemon/protocol/window_flags.h"
#include "gui-daemon/protocol/window_id.h"

namespace bh::gui::to_agent {

// Coordinates are relative to the window, state is X's modifier mask, keycodes are X's (evdev + 8).
struct Key {
  bool pressed = false;
  std::int32_t x = 0;
  std::int32_t y = 0;
  std::uint32_t state = 0;
  std::uint32_t keycode = 0;
};
struct Button {
  bool pressed = false;
  std::int32_t x = 0;
  std::int32_t y = 0;
  std::uint32_t state = 0;
  std::uint32_t button = 0;  // 1.., 4-7 are the wheel
};
struct Motion {
  std::int32_t x = 0;
  std::int32_t y = 0;
  std::uint32_t state = 0;
  std::uint32_t is_hint = 0;
};
struct Crossing {
  bool entered = false;
  std::int32_t x = 0;
  std::int32_t y = 0;
  std::uint32_t state = 0;
  std::uint32_t mode = 0;
  std::uint32_t detail = 0;
  std::uint32_t focus = 0;
};
struct Focus {
  bool gained = false;
  std::uint32_t mode = 0;
  std::uint32_t detail = 0;
};
// The answer to DESTROY: the number may be used again.
struct Destroy {};
struct Map {
  WindowId transient_for = kNoWindow;
  bool override_redirect = false;
};
struct Configure {
  std::int32_t x = 0;
  std::int32_t y = 0;
  std::uint32_t width = 1;
  std::uint32_t height = 1;
  bool override_redirect = false;
};
struct Close {};
struct ClipboardRequest {};
struct ClipboardData {
  Bytes data;
};
// Bit k % 8 of byte k / 8: key k is down. The agent releases what is up here; it never presses.
struct KeymapNotify {
  std::array<std::uint8_t, 32> keys{};
};
struct WindowFlags {
  std::uint32_t set = 0;
  std::uint32_t unset = 0;
};
struct WindowDumpAck {};
// EXTENSION.md
struct BufferRelease {
  std::uint64_t offset = 0;
};
struct FrameDone {};
struct KeymapNames {
  std::string layout;
  std::string variant;
  std::string options;
};

using Message = std::variant<Key, Button, Motion, Crossing, Focus, Destroy, Map, Configure, Close, ClipboardRequest, ClipboardData, KeymapNotify,
                             WindowFlags, WindowDumpAck, BufferRelease, FrameDone, KeymapNames>;

[[nodiscard]] Bytes encode(WindowId window, Message const& message);
// Of a message from a MessageStream(Direction::to_agent).
Result<Message, ProtocolError> decode(RawMessage const& raw);

}  // namespace bh::gui::to_agent
