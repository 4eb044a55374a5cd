// The one table of the protocol: number, direction and body length of every message. The length is compared before a body byte is
// read, and a message travelling the wrong way is an unknown message.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bh::gui {

enum class MessageType : std::uint32_t {
  keypress = 124, button = 125, motion = 126, crossing = 127, focus = 128, create = 130, destroy = 131, map = 132, unmap = 133,
  configure = 134, mfn_dump = 135, shm_image = 136, close = 137, clipboard_request = 139, clipboard_data = 140, window_name = 141,
  keymap_notify = 142, dock = 143, window_hints = 144, window_flags = 145, window_class = 146, window_dump = 147, cursor = 148,
  window_dump_ack = 149,
  // Extension (EXTENSION.md), daemon to agent only.
  buffer_release = 0x42480101, frame_done = 0x42480102, keymap_names = 0x42480103,
};

enum class Direction { to_daemon, to_agent };

struct BodyRule {
  std::uint32_t min;
  std::uint32_t max;
};

// nullopt: no such message in this direction.
[[nodiscard]] std::optional<BodyRule> body_rule(std::uint32_t type, Direction direction);
[[nodiscard]] std::string_view name_of(MessageType type);

}  // namespace bh::gui
