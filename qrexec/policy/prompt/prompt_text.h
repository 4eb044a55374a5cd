// What a terminal prompt says and how it takes the answer. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "qrexec/policy/daemon/prompt_protocol.h"

namespace bh::policy {

[[nodiscard]] std::string prompt_text(AskMessage const& message);
[[nodiscard]] std::string notice_text(NotifyMessage const& message);

// The target that a line chooses: its number, or its whole name. An empty line, "n" and whatever is neither are a no. GUARD (H06): what
// is not understood is never a yes.
[[nodiscard]] std::optional<std::string> chosen_target(AskMessage const& message, std::string_view line);

}  // namespace bh::policy
