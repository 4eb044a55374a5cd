// The answer text of the policy program and daemon (qrexec.md 12): key=value pairs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "qrexec/policy/decision.h"

namespace bh::policy {

using AnswerPairs = std::vector<std::pair<std::string, std::string>>;

// An Ask nobody answered is a deny here.
[[nodiscard]] AnswerPairs answer_pairs(Decision const& decision);
// One "key=value" line each.
[[nodiscard]] std::string answer_text(Decision const& decision);
// One line for a log: who wanted what, what came out, which rule said so.
[[nodiscard]] std::string log_line(Decision const& decision);

}  // namespace bh::policy
