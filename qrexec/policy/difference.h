// What two policies decide differently, over all calls that either speaks of and all qubes there are.
#pragma once

#include <string>
#include <vector>

#include "qrexec/policy/survey.h"

namespace bh::policy {

struct Difference {
  std::string source;
  Call call;
  std::string before;                // "allow vault user=root", "ask vault work", "deny"
  std::string after;
  std::vector<std::string> targets;  // the wishes for which it is so; "@default" for none
  std::optional<Location> rule_before;
  std::optional<Location> rule_after;
};

// Calls that differ in the same way are told together. `%` in before and after stands for the target that was asked for.
[[nodiscard]] std::vector<Difference> differences(Policy const& before, Policy const& after, SystemInfo const& info,
                                                  SurveyScope const& scope);

}  // namespace bh::policy
