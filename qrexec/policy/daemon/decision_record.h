// What is logged of a decision: one line of key=value words, none of which can hold a blank or a byte that is not printable ASCII.
#pragma once

#include <string>
#include <string_view>

#include "qrexec/policy/decision.h"

namespace bh::policy {

// `how`: "rule", "answered", "assumed"...: what the outcome rests on.
[[nodiscard]] std::string decision_record(Decision const& decision, std::string_view how);

}  // namespace bh::policy
