// What can be wrong with a message, and what follows from it (gui.md 5: kill the connection, refuse, ignore; clamping is no error).
#pragma once

#include <string_view>

namespace bh::gui {

enum class ProtocolError {
  unknown_type, bad_length, buffer_full, bad_version, bad_body,                                   // of the stream
  bad_extent, bad_position, bad_damage, bad_dump_type, bad_format, bad_stride, bad_offset, outside_memory, bad_grants,
  mfn_refused, no_window_memory, contradicting_flags, bad_cursor, bad_keymap_names,              // of a body
  unknown_window, duplicate_window, too_many_windows, too_many_bytes, damage_flood, wrong_state, not_requested,  // of a session
};
[[nodiscard]] std::string_view describe(ProtocolError error);

enum class Severity {
  kill,    // the connection ends, all windows of the qube close
  refuse,  // the message is dropped and counted: suspicious
  ignore,  // the message is dropped
};

struct Reject {
  Severity severity;
  ProtocolError reason;
  friend bool operator==(Reject const&, Reject const&) = default;
};

}  // namespace bh::gui
