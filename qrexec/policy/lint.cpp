#include "qrexec/policy/lint.h"

#include <algorithm>
#include <unordered_map>

#include "qrexec/policy/known_services.h"
#include "qrexec/policy/survey.h"

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

// The first rule of each form, for finding one that covers another without comparing all pairs.
class FirstOfItsKind {
 public:
  void add(Rule const& rule, std::size_t position) {
    first_.try_emplace(key(rule.service.value_or("*"), rule.argument.value_or("*"), form(rule.source), form(rule.target)), position);
  }
  [[nodiscard]] std::optional<std::size_t> cover_of(Rule const& rule) const {
    std::optional<std::size_t> best;
    for (std::string const& service : {rule.service.value_or("*"), std::string("*")}) {
      for (std::string const& argument : {rule.argument.value_or("*"), std::string("*")}) {
        for (std::string const& source : covers_of(rule.source)) {
          for (std::string const& target : covers_of(rule.target)) {
            auto const hit = first_.find(key(service, argument, source, target));
            if (hit != first_.end() && (!best || hit->second < *best)) best = hit->second;
          }
        }
      }
    }
    return best;
  }

 private:
  static std::string form(Token const& token) { return std::to_string(static_cast<int>(token.kind)) + token.value; }
  static std::vector<std::string> covers_of(Token const& token) {
    std::vector<std::string> forms{form(token), form({TokenKind::everything, {}, {}})};
    if (never_dom0(token)) forms.push_back(form({TokenKind::any_qube, {}, {}}));
    return forms;
  }
  // No word of a rule holds a blank.
  static std::string key(std::string const& service, std::string const& argument, std::string const& source,
                         std::string const& target) {
    return service + ' ' + argument + ' ' + source + ' ' + target;
  }
  std::unordered_map<std::string, std::size_t> first_;
};

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
  FirstOfItsKind seen;
  for (std::size_t later = 0; later < rules.size(); ++later) {
    Rule const& rule = rules[later];
    auto const hider = seen.cover_of(rule);
    seen.add(rule, later);
    if (rule.at.line == 0) continue;
    if (is_disposable_source(rule.source)) {
      found.push_back(warning(rule.at, rule.source.written + " never matches a source", "use @type:DispVM or a tag"));
    }
    if (!hider) continue;
    found.push_back(warning(rule.at,
                            "this rule never decides: the one at " + rules[*hider].at.for_people() + " matches all it matches",
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

namespace {

// Who is meant by nobody in particular.
bool anybody(Token const& token) { return token.kind == TokenKind::everything || token.kind == TokenKind::any_qube; }

std::optional<std::pair<std::string, std::string>> too_wide(Rule const& rule) {
  auto const* allow = std::get_if<AllowAction>(&rule.action);
  if (allow == nullptr) return std::nullopt;
  Token const& target = allow->target ? *allow->target : rule.target;
  bool const disposable =
      target.kind == TokenKind::dispvm || target.kind == TokenKind::dispvm_of || target.kind == TokenKind::dispvm_tagged;
  using Finding = std::pair<std::string, std::string>;
  if (!rule.service && !disposable) {
    return Finding{"every service is allowed, shells and administration among them", "name the services that are needed"};
  }
  if (!rule.service) return std::nullopt;
  bool const control = gives_control(*rule.service);
  if (anybody(rule.source) && anybody(target)) {
    return Finding{std::string("any qube may call any qube") + (target.kind == TokenKind::everything ? " and dom0" : "") +
                       " without a question",
                   control ? *rule.service + " gives control over its target: one qube that is taken over has them all"
                           : "use ask, or name source or target"};
  }
  if (anybody(rule.source) && control && !disposable) {
    return Finding{"any qube may take over " + target.written + " by " + *rule.service, "use ask, or name the source"};
  }
  if (target.kind == TokenKind::everything && control) {
    return Finding{"* as a target includes dom0, and " + *rule.service + " gives control", "use @anyvm"};
  }
  if (anybody(rule.source) && allow->user == "root" && !disposable) {
    return Finding{"any qube may call " + *rule.service + " as root", "name the source, or leave user= out"};
  }
  return std::nullopt;
}

// Which rules decide anything, and which would meet some call, when all known qubes call all that the rules name.
struct Met {
  std::vector<bool> decides;
  std::vector<bool> meets;
};

std::optional<Met> meet_all(Policy const& policy, SystemInfo const& info) {
  auto const calls = calls_of(policy);
  auto const wishes = wishes_of(info);
  std::size_t const pairs = info.qubes().size() * wishes.size();
  if (pairs * std::max(calls.size(), policy.rules().size()) > kMaxSurvey) return std::nullopt;
  Met met{std::vector<bool>(policy.rules().size()), std::vector<bool>(policy.rules().size())};
  for (auto const& [name, source] : info.qubes()) {
    for (std::string const& wish : wishes) {
      Target const target = resolve(*parse_token(wish.empty() ? "@default" : wish, TokenPlace::request), info);
      for (std::size_t i = 0; i < policy.rules().size(); ++i) {
        Rule const& rule = policy.rules()[i];
        if (!met.meets[i]) met.meets[i] = matches_source(rule.source, source) && matches_target(rule.target, target, source, info);
      }
      for (Call const& call : calls) {
        if (auto const hit = policy.index().first_match(call.service, call.argument, source, target, info)) met.decides[*hit] = true;
      }
    }
  }
  return met;
}

}  // namespace

Problems shadowed_rules(Policy const& policy, SystemInfo const& info) {
  Problems found;
  auto const met = meet_all(policy, info);
  if (!met) {
    if (!policy.rules().empty()) {
      found.push_back(warning(policy.rules().front().at, "too many rules and qubes: shadowed rules were not looked for", {}));
    }
    return found;
  }
  for (std::size_t i = 0; i < policy.rules().size(); ++i) {
    Rule const& rule = policy.rules()[i];
    if (rule.at.line == 0 || met->decides[i] || !met->meets[i]) continue;
    found.push_back(warning(rule.at, "with the qubes there are today, earlier rules decide every call that this one matches",
                            "qrexec-policy explain shows which; it may be meant for qubes to come"));
  }
  return found;
}

Problems wide_rules(std::vector<Rule> const& rules) {
  Problems found;
  for (Rule const& rule : rules) {
    if (auto finding = too_wide(rule)) {
      found.push_back(warning(rule.at, "too wide: " + finding->first, std::move(finding->second)));
    }
  }
  return found;
}

Problems misspelt_services(std::vector<Rule> const& rules) {
  Problems found;
  for (Rule const& rule : rules) {
    if (!rule.service) continue;
    if (auto const meant = probably_meant(*rule.service)) {
      found.push_back(warning(rule.at, "unknown service " + *rule.service, "is " + std::string(*meant) + " meant?"));
    }
  }
  return found;
}

}  // namespace bh::policy
