// Warnings about rules that load but do not mean what their author may think.
#pragma once

#include <vector>

#include "qrexec/policy/policy.h"
#include "qrexec/policy/system_info.h"

namespace bh::policy {

// A rule that an earlier one hides completely, judged by the rules alone: no false alarms, but not every hidden rule is
// found.
[[nodiscard]] Problems hidden_rules(std::vector<Rule> const& rules);
// A rule that some known qube's call would meet, if earlier rules did not decide all of those: true today, with these qubes.
[[nodiscard]] Problems shadowed_rules(Policy const& policy, SystemInfo const& info);
// Rules that open more than their author can have meant, by what they say alone.
[[nodiscard]] Problems wide_rules(std::vector<Rule> const& rules);
// Services that are spelt almost like a known one.
[[nodiscard]] Problems misspelt_services(std::vector<Rule> const& rules);
// Names and uuids that no qube has, and tags that none carries.
[[nodiscard]] Problems unknown_names(std::vector<Rule> const& rules, SystemInfo const& info);

}  // namespace bh::policy
