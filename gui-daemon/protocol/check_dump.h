// WINDOW_DUMP, both forms: the message that says where pixels lie, hence the one with the most to check.
#pragma once

#include "gui-daemon/protocol/checked_message.h"

namespace bh::gui::checked {

// `body` has at least the 16 bytes of the dump header.
Result<Message, Reject> check_dump(ByteSpan body, Limits const& limits);

}  // namespace bh::gui::checked
