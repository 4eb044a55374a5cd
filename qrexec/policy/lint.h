// Warnings about rules that load but do not mean what their author may think.
#pragma once

#include <vector>

#include "qrexec/policy/rule.h"
#include "qrexec/policy/system_info.h"

namespace bh::policy {

// A rule that an earlier one hides completely, judged by the rules alone: no false alarms, but not every hidden rule is
// found. Comparing is quadratic; beyond kMaxLintRules it is left out, and that is said as a warning.
inline constexpr std::size_t kMaxLintRules = 5000;
[[nodiscard]] Problems hidden_rules(std::vector<Rule> const& rules);
// Names and uuids that no qube has, and tags that none carries.
[[nodiscard]] Problems unknown_names(std::vector<Rule> const& rules, SystemInfo const& info);

}  // namespace bh::policy
