// Why a call is decided as it is: the deciding rule, what came before it and why that did not match, what would follow without it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "qrexec/policy/decide.h"

namespace bh::policy {

struct RuleStep {
  enum class Kind { passed_over, decides, would_match };
  Kind kind = Kind::passed_over;
  std::size_t position = 0;  // among the policy's rules
  std::string reason;        // why it does not match; empty where it does
};

struct Explanation {
  Decision decision;
  std::vector<RuleStep> steps;     // in the policy's order; only rules that speak of the service
  std::size_t other_services = 0;  // rules before the deciding one that speak of other services
  std::optional<Decision> without;  // what would come out if the deciding rule were not there
};

[[nodiscard]] Explanation explain(Policy const& policy, SystemInfo const& info, Request const& request);

// A rule as a line of policy, in the new style.
[[nodiscard]] std::string rule_text(Rule const& rule);

}  // namespace bh::policy
