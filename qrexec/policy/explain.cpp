#include "qrexec/policy/explain.h"

#include <algorithm>

namespace bh::policy {
namespace {

std::string action_text(Action const& action) {
  std::string text;
  auto const add = [&](char const* name, std::optional<std::string> const& value) {
    if (value) text.append(" ").append(name).append("=").append(*value);
  };
  auto const token = [](std::optional<Token> const& of) { return of ? std::optional(of->written) : std::nullopt; };
  auto const flag = [&](char const* name, bool value, bool usual) {
    if (value != usual) add(name, value ? "yes" : "no");
  };
  if (auto const* allow = std::get_if<AllowAction>(&action)) {
    text = "allow";
    add("target", token(allow->target));
    add("user", allow->user);
    flag("notify", allow->notify, false);
    flag("autostart", allow->autostart, true);
  } else if (auto const* ask = std::get_if<AskAction>(&action)) {
    text = "ask";
    add("target", token(ask->target));
    add("default_target", token(ask->default_target));
    add("user", ask->user);
    flag("notify", ask->notify, false);
    flag("autostart", ask->autostart, true);
  } else {
    text = "deny";
    flag("notify", std::get<DenyAction>(action).notify, true);
  }
  return text;
}

// Empty: the rule matches.
std::string mismatch(Rule const& rule, Request const& request, Qube const& source, Target const& target, SystemInfo const& info) {
  if (rule.argument && *rule.argument != request.argument()) {
    return "it is for the argument " + *rule.argument + ", the call has " + request.argument();
  }
  if (!matches_source(rule.source, source)) return rule.source.written + " does not match the source " + source.name;
  if (!matches_target(rule.target, target, source, info)) {
    return rule.target.written + " does not match the target " + target.written;
  }
  return {};
}

Policy without_rule(Policy const& policy, std::size_t position) {
  std::vector<Rule> rules = policy.rules();
  rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(position));
  return Policy(std::move(rules));
}

}  // namespace

std::string rule_text(Rule const& rule) {
  return rule.service.value_or("*") + " " + rule.argument.value_or("*") + " " + rule.source.written + " " + rule.target.written +
         " " + action_text(rule.action);
}

Explanation explain(Policy const& policy, SystemInfo const& info, Request const& request) {
  Explanation told{decide(policy, info, request), {}, 0, std::nullopt};
  // Without a caller there is nothing that a rule could be held against.
  Qube const* const source = info.by_name(told.decision.effective_source);
  if (source == nullptr) return told;
  Target const target = resolve(request.target(), info);
  std::size_t const decided_at = told.decision.position.value_or(policy.rules().size());
  for (std::size_t i = 0; i < policy.rules().size(); ++i) {
    Rule const& rule = policy.rules()[i];
    if (rule.service && *rule.service != request.service()) {
      if (i < decided_at) ++told.other_services;
      continue;
    }
    std::string reason = mismatch(rule, request, *source, target, info);
    if (i == decided_at) {
      told.steps.push_back({RuleStep::Kind::decides, i, {}});
    } else if (reason.empty()) {
      told.steps.push_back({RuleStep::Kind::would_match, i, {}});
    } else if (i < decided_at) {
      told.steps.push_back({RuleStep::Kind::passed_over, i, std::move(reason)});
    }
  }
  if (told.decision.position) told.without = decide(without_rule(policy, *told.decision.position), info, request);
  return told;
}

}  // namespace bh::policy
