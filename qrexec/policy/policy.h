// Policy: all rules in their order, and the index over them. Parsed, immutable, complete: there is no such thing as a Policy with an
// error in it.
#pragma once

#include <vector>

#include "qrexec/policy/rule.h"
#include "qrexec/policy/rule_index.h"

namespace bh::policy {

class Policy {
 public:
  explicit Policy(std::vector<Rule> rules) : rules_(std::move(rules)), index_(rules_) {}
  [[nodiscard]] std::vector<Rule> const& rules() const { return rules_; }
  [[nodiscard]] RuleIndex const& index() const { return index_; }

 private:
  std::vector<Rule> rules_;
  RuleIndex index_;
};

}  // namespace bh::policy
