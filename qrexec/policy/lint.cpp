#include "qrexec/policy/lint.h"

#include <algorithm>

namespace bh::policy {
namespace {

bool never_dom0(Token const& token) {
  switch (token.kind) {
    case TokenKind::name:
    case TokenKind::any_qube:
    case TokenKind::default_target:
    case TokenKind::dispvm:
    case TokenKind::dispvm_of:
    case TokenKind::dispvm_tagged:
      return true;
    case TokenKind::type:
      return token.value != "AdminVM";
    // A uuid or a tag may be dom0's.
    case TokenKind::uuid:
    case TokenKind::tag:
    case TokenKind::everything:
    case TokenKind::dom0:
      return false;
  }
  return false;
}

bool covers(Token const& earlier, Token const& later) {
  if (earlier.kind == TokenKind::everything) return true;
  if (earlier.kind == TokenKind::any_qube) return never_dom0(later);
  return earlier.kind == later.kind && earlier.value == later.value;
}

bool covers(std::optional<std::string> const& earlier, std::optional<std::string> const& later) {
  return !earlier || earlier == later;
}

bool hides(Rule const& earlier, Rule const& later) {
  return covers(earlier.service, later.service) && covers(earlier.argument, later.argument) &&
         covers(earlier.source, later.source) && covers(earlier.target, later.target);
}

Problem warning(Location const& at, std::string message, std::string hint) {
  return {ProblemKind::syntax, at, std::move(message), std::move(hint)};
}

// nullopt: nothing is wrong with it.
std::optional<std::string> unknown(Token const& token, SystemInfo const& info) {
  auto const& qubes = info.qubes();
  switch (token.kind) {
    case TokenKind::name:
    case TokenKind::uuid:
      if (info.find(token.value) == nullptr) return "there is no qube " + token.value;
      return std::nullopt;
    case TokenKind::dispvm_of: {
      Qube const* const base = info.find(token.value);
      if (base == nullptr) return "there is no qube " + token.value;
      if (!base->template_for_dispvms) return token.value + " is not a template for disposables";
      return std::nullopt;
    }
    case TokenKind::tag:
    case TokenKind::dispvm_tagged:
      if (std::none_of(qubes.begin(), qubes.end(),
                       [&](auto const& entry) { return entry.second.tags.contains(token.value); })) {
        return "no qube has the tag " + token.value;
      }
      return std::nullopt;
    case TokenKind::everything:
    case TokenKind::any_qube:
    case TokenKind::default_target:
    case TokenKind::dom0:
    case TokenKind::type:
    case TokenKind::dispvm:
      return std::nullopt;
  }
  return std::nullopt;
}

std::vector<Token const*> tokens_of(Rule const& rule) {
  std::vector<Token const*> tokens{&rule.source, &rule.target};
  auto const add = [&](std::optional<Token> const& token) {
    if (token) tokens.push_back(&*token);
  };
  if (auto const* allow = std::get_if<AllowAction>(&rule.action)) add(allow->target);
  if (auto const* ask = std::get_if<AskAction>(&rule.action)) {
    add(ask->target);
    add(ask->default_target);
  }
  return tokens;
}

bool is_disposable_source(Token const& source) {
  return source.kind == TokenKind::dispvm_of || source.kind == TokenKind::dispvm_tagged;
}

}  // namespace

Problems hidden_rules(std::vector<Rule> const& rules) {
  Problems found;
  if (rules.size() > kMaxLintRules) {
    found.push_back(warning(rules.front().at,
                            "more than " + std::to_string(kMaxLintRules) + " rules: hidden rules were not looked for",
                            {}));
  }
  for (std::size_t later = 0; later < rules.size(); ++later) {
    Rule const& rule = rules[later];
    if (rule.at.line == 0) continue;
    if (is_disposable_source(rule.source)) {
      found.push_back(warning(rule.at, rule.source.written + " never matches a source", "use @type:DispVM or a tag"));
    }
    if (rules.size() > kMaxLintRules) continue;
    auto const end = rules.begin() + static_cast<std::ptrdiff_t>(later);
    auto const hider = std::find_if(rules.begin(), end, [&](Rule const& earlier) { return hides(earlier, rule); });
    if (hider == end) continue;
    found.push_back(warning(rule.at,
                            "this rule never decides: the one at " + hider->at.for_people() + " matches all it matches",
                            "move it up or remove it; what it offers still counts among the choices of ask rules"));
  }
  return found;
}

Problems unknown_names(std::vector<Rule> const& rules, SystemInfo const& info) {
  Problems found;
  for (Rule const& rule : rules) {
    for (Token const* token : tokens_of(rule)) {
      if (auto const what = unknown(*token, info))
        found.push_back(warning(rule.at, *what, "the name may be misspelt, or the qube is gone"));
    }
  }
  return found;
}

}  // namespace bh::policy
