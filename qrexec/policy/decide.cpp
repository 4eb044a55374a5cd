#include "qrexec/policy/decide.h"

#include <algorithm>

#include "qrexec/policy/choices.h"
#include "qrexec/policy/match.h"

namespace bh::policy {
namespace {

constexpr std::string_view kDisposable = "@dispvm:";

// One request while it is being decided: caller and wish looked up once.
struct Case {
  SystemInfo const& info;
  Request const& request;
  Qube const* source = nullptr;
  Target wish;
};

using Outcome = std::variant<Allow, Ask, Deny>;

Deny deny(DenyReason reason, std::string message, bool notify = true) {
  return Deny{reason, notify, std::move(message)};
}

// Who counts as the caller: a relay may speak for its own RemoteVMs and for nobody else.
Result<Qube const*, Deny> find_source(SystemInfo const& info, Request const& request) {
  Qube const* const caller = info.find(request.source());
  if (caller == nullptr) return Failure{deny(DenyReason::request, "unknown source qube: " + request.source())};
  if (!request.requested_source()) return caller;
  std::string const& wanted = *request.requested_source();
  Qube const* const remote = info.find(wanted);
  if (remote == nullptr) return Failure{deny(DenyReason::request, "unknown requested source: " + wanted)};
  if (remote->type != "RemoteVM") {
    return Failure{deny(DenyReason::request, wanted + ": requested source is only authorized for RemoteVM")};
  }
  if (!remote->relayvm || info.by_name(*remote->relayvm) != caller) {
    return Failure{deny(DenyReason::request, request.source() + " is not a relay for " + wanted)};
  }
  return remote;
}

// "target=" of the rule, or the wish; @dispvm made concrete.
Result<Target, Deny> effective_target(Case const& now, std::optional<Token> const& redirect) {
  Target target = redirect ? resolve(*redirect, now.info) : now.wish;
  if (target.kind == Target::Kind::none) {
    return Failure{deny(DenyReason::no_target, redirect
                                                   ? "the rule's target " + redirect->written + " does not exist"
                                                   : std::string("no target was given, or one that does not exist"))};
  }
  if (target.kind == Target::Kind::dispvm_of_source) {
    if (!now.source->default_dispvm) {
      return Failure{deny(DenyReason::no_dispvm, now.source->name + " has no default disposable template")};
    }
    std::string const written = std::string(kDisposable) + *now.source->default_dispvm;
    target = Target{Target::Kind::dispvm_of, written, now.info.by_name(*now.source->default_dispvm)};
  }
  if (target.kind == Target::Kind::dispvm_of && (target.qube == nullptr || !target.qube->template_for_dispvms)) {
    return Failure{deny(DenyReason::not_dispvm_template, target.written + ": not a template for disposables")};
  }
  return target;
}

// May be called without anything being started.
bool is_up(Target const& target) {
  if (target.kind == Target::Kind::dom0) return true;
  return target.kind == Target::Kind::qube && target.qube->power_state == "Running";
}

std::optional<std::string> uuid_of(Target const& target) {
  if (target.kind == Target::Kind::dom0 || target.qube == nullptr || target.qube->uuid.empty()) return std::nullopt;
  return (target.kind == Target::Kind::dispvm_of ? std::string(kDisposable) : std::string()) +
         "uuid:" + target.qube->uuid;
}

// Turns an allow for a RemoteVM into a call of its relay. The relay is told the target of the decision, not of the
// wish.
Result<void, Deny> route_through_relay(Case const& now, Qube const& remote, Allow& allow) {
  if (!remote.relayvm) return Failure{deny(DenyReason::relay, remote.name + ": relay is not set")};
  if (!remote.transport_rpc) return Failure{deny(DenyReason::relay, remote.name + ": transport RPC is not set")};
  Qube const* const relay = now.info.by_name(*remote.relayvm);
  if (relay == nullptr)
    return Failure{deny(DenyReason::relay, remote.name + ": its relay " + *remote.relayvm + " does not exist")};
  allow.target = relay->name;
  allow.target_uuid = relay->uuid.empty() ? std::nullopt : std::optional("uuid:" + relay->uuid);
  allow.user = std::nullopt;
  allow.service = *remote.transport_rpc + "+" + remote.name + "+" + now.request.service() + now.request.argument();
  return {};
}

// The checks that come last, for an allow by rule as for one by a person.
Outcome finish_allow(Case const& now, Target const& target, Allow allow) {
  // GUARD: a caller that names itself by another spelling; qubes are compared, not strings.
  if (target.kind != Target::Kind::dispvm_of && target.qube == now.source) {
    return deny(DenyReason::loopback, "a qube cannot call itself (" + now.source->name + ")");
  }
  if (target.kind == Target::Kind::dom0 && now.source->name == "dom0") {
    return deny(DenyReason::loopback, "dom0 cannot call itself");
  }
  allow.target = target.kind == Target::Kind::dom0 ? "dom0" : target.written;
  allow.target_uuid = uuid_of(target);
  allow.requested_target = now.wish.written;
  if (now.request.requested_source()) allow.policy_source = now.source->name;
  if (target.kind == Target::Kind::qube && target.qube->type == "RemoteVM") {
    if (auto routed = route_through_relay(now, *target.qube, allow); !routed) return routed.error();
  }
  return allow;
}

Outcome decide_allow(Case const& now, AllowAction const& action) {
  auto target = effective_target(now, action.target);
  if (!target) return std::move(target).error();
  if (!action.autostart && !is_up(*target)) {
    return deny(DenyReason::autostart, target->written + " does not run and the rule says autostart=no", action.notify);
  }
  Allow allow;
  allow.user = action.user;
  allow.autostart = action.autostart;
  allow.notify = action.notify;
  return finish_allow(now, *target, std::move(allow));
}

std::set<std::string> offered(Policy const& policy, Case const& now, AskAction const& action) {
  if (!action.target) return collect_choices(policy, now.info, now.request, *now.source);
  auto target = effective_target(now, action.target);
  if (!target) return {};
  return {target->kind == Target::Kind::dom0 ? "dom0" : target->written};
}

Target target_of_choice(std::string const& choice, SystemInfo const& info) {
  auto const token = parse_token(choice, TokenPlace::redirect);
  return token ? resolve(*token, info) : Target{};
}

std::optional<std::string> preselect(Case const& now, AskAction const& action,
                                     std::vector<std::string> const& choices) {
  if (!action.default_target) return std::nullopt;
  std::string const wanted = choice_name(resolve(*action.default_target, now.info), *now.source);
  if (wanted.empty()) return std::nullopt;
  for (std::string const& choice : choices) {
    if (choice_name(target_of_choice(choice, now.info), *now.source) == wanted) return choice;
  }
  return std::nullopt;
}

Outcome decide_ask(Policy const& policy, Case const& now, AskAction const& action, std::vector<std::string>& warnings) {
  std::set<std::string> choices = offered(policy, now, action);
  if (!action.autostart) {
    std::erase_if(choices, [&](std::string const& choice) { return !is_up(target_of_choice(choice, now.info)); });
  }
  if (choices.empty()) return deny(DenyReason::no_choice, "the rule says ask, but there is no target to offer");
  Ask ask;
  ask.choices.assign(choices.begin(), choices.end());
  ask.preselected = preselect(now, action, ask.choices);
  if (action.default_target && !ask.preselected) {
    warnings.push_back("default_target " + action.default_target->written + " is not among the choices");
  }
  ask.user = action.user;
  ask.autostart = action.autostart;
  ask.notify = action.notify;
  ask.requested_target = now.wish.written;
  return ask;
}

Outcome apply(Policy const& policy, Case const& now, Action const& action, std::vector<std::string>& warnings) {
  if (auto const* allow = std::get_if<AllowAction>(&action)) return decide_allow(now, *allow);
  if (auto const* ask = std::get_if<AskAction>(&action)) return decide_ask(policy, now, *ask, warnings);
  return deny(DenyReason::rule, "denied by a rule", std::get<DenyAction>(action).notify);
}

void warn_about_wish(Case const& now, std::vector<std::string>& warnings) {
  Token const& token = now.request.target();
  if (now.wish.kind == Target::Kind::none && token.kind != TokenKind::default_target) {
    warnings.push_back("requested target " + token.written + " does not exist; taken as @default");
  }
}

}  // namespace

Decision decide(Policy const& policy, SystemInfo const& info, Request const& request) {
  Decision decision;
  decision.request = request;
  auto source = find_source(info, request);
  if (!source) {
    decision.outcome = std::move(source).error();
    return decision;
  }
  Case const now{info, request, *source, resolve(request.target(), info)};
  decision.effective_source = now.source->name;
  warn_about_wish(now, decision.warnings);
  if (now.wish.kind == Target::Kind::dispvm_of && (now.wish.qube == nullptr || !now.wish.qube->template_for_dispvms)) {
    decision.outcome = deny(DenyReason::not_dispvm_template, now.wish.written + ": not a template for disposables");
    return decision;
  }
  auto const position = policy.index().first_match(request.service(), request.argument(), *now.source, now.wish, info);
  if (!position) {
    decision.outcome = deny(DenyReason::no_match, "no rule matches");
    return decision;
  }
  Rule const& rule = policy.rules()[*position];
  decision.rule = rule.at;
  decision.position = position;
  decision.outcome = apply(policy, now, rule.action, decision.warnings);
  return decision;
}

Decision answer_yes(SystemInfo const& info, Decision asked, std::string const& target) {
  Ask const ask = std::get<Ask>(asked.outcome);
  if (std::find(ask.choices.begin(), ask.choices.end(), target) == ask.choices.end()) {
    asked.outcome = deny(DenyReason::bad_answer, "the answer is none of the targets that were offered");
    return asked;
  }
  // GUARD: the world may have changed between the question and the answer; caller and target are looked up again.
  auto source = find_source(info, *asked.request);
  Target const chosen = target_of_choice(target, info);
  bool const gone = chosen.kind == Target::Kind::none ||
                    (chosen.disposable() && disposable_template(target.substr(kDisposable.size()), info) == nullptr);
  if (!source || gone) {
    asked.outcome = deny(DenyReason::bad_answer, "source or target changed while the question was open");
    return asked;
  }
  Allow allow;
  allow.user = ask.user;
  allow.autostart = ask.autostart;
  allow.notify = ask.notify;
  Case const now{info, *asked.request, *source, resolve(asked.request->target(), info)};
  asked.outcome = finish_allow(now, chosen, std::move(allow));
  return asked;
}

Decision answer_no(Decision asked) {
  bool const notify = std::get<Ask>(asked.outcome).notify;
  asked.outcome = deny(DenyReason::user, "denied by the user", notify);
  return asked;
}

Decision assume_yes(SystemInfo const& info, Decision asked) {
  auto source = find_source(info, *asked.request);
  if (!source) return answer_yes(info, std::move(asked), {});
  std::string const wanted = choice_name(resolve(asked.request->target(), info), **source);
  for (std::string const& choice : std::get<Ask>(asked.outcome).choices) {
    if (!wanted.empty() && choice_name(target_of_choice(choice, info), **source) == wanted) {
      return answer_yes(info, asked, choice);
    }
  }
  return answer_yes(info, std::move(asked), {});
}

}  // namespace bh::policy
