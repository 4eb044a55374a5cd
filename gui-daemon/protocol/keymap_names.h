// The body of KEYMAP_NAMES: "layout\0variant\0options\0", names as in the X server's _XKB_RULES_NAMES.
#pragma once

#include "gui-daemon/protocol/to_agent.h"

namespace bh::gui {

[[nodiscard]] Bytes encode_keymap_names(to_agent::KeymapNames const& names);
// Letters, digits and "_-:,.+()" only, 256 bytes in all: they become arguments of the guest's keymap compiler.
Result<to_agent::KeymapNames, ProtocolError> decode_keymap_names(ByteSpan body);

}  // namespace bh::gui
