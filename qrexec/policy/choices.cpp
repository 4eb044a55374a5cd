#include "qrexec/policy/choices.h"

#include <algorithm>

namespace bh::policy {
namespace {

constexpr std::string_view kPrefix = "@dispvm:";

std::set<std::string> every_qube(SystemInfo const& info, bool with_dom0) {
  std::set<std::string> all{"@dispvm"};
  for (auto const& [name, qube] : info.qubes()) {
    if (name != "dom0" || with_dom0) all.insert(name);
    if (qube.template_for_dispvms) all.insert(std::string(kPrefix) + name);
  }
  return all;
}

template <class Accept>
std::set<std::string> qubes_where(SystemInfo const& info, std::string_view prefix, Accept&& accept) {
  std::set<std::string> found;
  for (auto const& [name, qube] : info.qubes()) {
    if (accept(qube)) found.insert(std::string(prefix) + name);
  }
  return found;
}

std::set<std::string> expand(Token const& token, SystemInfo const& info) {
  switch (token.kind) {
    case TokenKind::everything:
      return every_qube(info, true);
    case TokenKind::any_qube:
      return every_qube(info, false);
    case TokenKind::default_target:
      return {};
    case TokenKind::dom0:
      return {"dom0"};
    case TokenKind::name:
    case TokenKind::uuid:
      if (Qube const* qube = info.find(token.value)) return {qube->name};
      return {};
    case TokenKind::type:
      return qubes_where(info, {}, [&](Qube const& qube) { return qube.type == token.value; });
    case TokenKind::tag:
      return qubes_where(info, {}, [&](Qube const& qube) { return qube.tags.contains(token.value); });
    case TokenKind::dispvm:
      return {"@dispvm"};
    case TokenKind::dispvm_of:
      if (Qube const* base = disposable_template(token.value, info)) return {std::string(kPrefix) + base->name};
      return {};
    case TokenKind::dispvm_tagged:
      return qubes_where(info, kPrefix, [&](Qube const& qube) {
        return qube.template_for_dispvms && qube.tags.contains(token.value);
      });
  }
  return {};
}

Token const& expanded_token(Rule const& rule) {
  if (auto const* allow = std::get_if<AllowAction>(&rule.action); allow != nullptr && allow->target)
    return *allow->target;
  if (auto const* ask = std::get_if<AskAction>(&rule.action); ask != nullptr && ask->target) return *ask->target;
  return rule.target;
}

bool is_internal(std::string_view choice, SystemInfo const& info) {
  if (choice.starts_with(kPrefix)) choice.remove_prefix(kPrefix.size());
  Qube const* qube = info.by_name(choice);
  return qube != nullptr && qube->internal;
}

}  // namespace

std::set<std::string> collect_choices(Policy const& policy, SystemInfo const& info, Request const& request,
                                      Qube const& source) {
  std::set<std::string> choices;
  auto const concerned = policy.index().of_source(request.service(), request.argument(), source);
  // From the last rule up: what stands earlier in the policy has the later word.
  for (auto position = concerned.rbegin(); position != concerned.rend(); ++position) {
    Rule const& rule = policy.rules()[*position];
    std::set<std::string> expansion = expand(expanded_token(rule), info);
    if (std::holds_alternative<DenyAction>(rule.action)) {
      for (std::string const& choice : expansion) choices.erase(choice);
    } else {
      choices.merge(expansion);
    }
  }
  // The source's default may be a qube that is no disposable template any more: then there is nothing to offer.
  if (choices.erase("@dispvm") != 0 && source.default_dispvm &&
      disposable_template(*source.default_dispvm, info) != nullptr) {
    choices.insert(std::string(kPrefix) + *source.default_dispvm);
  }
  choices.erase(source.name);
  std::erase_if(choices, [&](std::string const& choice) { return is_internal(choice, info); });
  return choices;
}

std::string choice_name(Target const& target, Qube const& source) {
  switch (target.kind) {
    case Target::Kind::none:
      return {};
    case Target::Kind::dom0:
      return "dom0";
    case Target::Kind::qube:
      return target.qube->name;
    case Target::Kind::dispvm_of:
      return target.qube == nullptr ? std::string() : std::string(kPrefix) + target.qube->name;
    case Target::Kind::dispvm_of_source:
      return source.default_dispvm ? std::string(kPrefix) + *source.default_dispvm : std::string();
  }
  return {};
}

}  // namespace bh::policy
