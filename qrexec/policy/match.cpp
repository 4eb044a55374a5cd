#include "qrexec/policy/match.h"

namespace bh::policy {
namespace {

bool is_dom0(Qube const& qube) { return qube.name == "dom0"; }

// Name, uuid, type or tag against one qube that exists.
bool names_qube(Token const& token, Qube const& qube) {
  switch (token.kind) {
    case TokenKind::name:
      return token.value == qube.name;
    case TokenKind::uuid:
      return !qube.uuid.empty() && token.value.substr(5) == qube.uuid;
    case TokenKind::type:
      return token.value == qube.type;
    case TokenKind::tag:
      return qube.tags.contains(token.value);
    case TokenKind::everything:
    case TokenKind::any_qube:
    case TokenKind::default_target:
    case TokenKind::dom0:
    case TokenKind::dispvm:
    case TokenKind::dispvm_of:
    case TokenKind::dispvm_tagged:
      return false;
  }
  return false;
}

bool matches_disposable_of(Token const& token, Target const& target, Qube const& source, SystemInfo const& info) {
  if (target.kind == Target::Kind::dispvm_of) return target.qube != nullptr && info.find(token.value) == target.qube;
  // Spelled as a name only: the source's default is a name too.
  return target.kind == Target::Kind::dispvm_of_source && source.default_dispvm == token.value;
}

bool matches_disposable_tagged(Token const& token, Target const& target, Qube const& source, SystemInfo const& info) {
  Qube const* base = target.kind == Target::Kind::dispvm_of ? target.qube : nullptr;
  if (target.kind == Target::Kind::dispvm_of_source && source.default_dispvm)
    base = info.by_name(*source.default_dispvm);
  return base != nullptr && base->template_for_dispvms && base->tags.contains(token.value);
}

}  // namespace

Target resolve(Token const& token, SystemInfo const& info) {
  switch (token.kind) {
    case TokenKind::dom0:
      return {Target::Kind::dom0, token.written, info.by_name("dom0")};
    case TokenKind::dispvm:
      return {Target::Kind::dispvm_of_source, token.written, nullptr};
    case TokenKind::dispvm_of:
      return {Target::Kind::dispvm_of, token.written, info.find(token.value)};
    case TokenKind::name:
    case TokenKind::uuid: {
      Qube const* qube = info.find(token.value);
      if (qube != nullptr && is_dom0(*qube)) return {Target::Kind::dom0, token.written, qube};
      if (qube != nullptr) return {Target::Kind::qube, token.written, qube};
      break;
    }
    case TokenKind::everything:
    case TokenKind::any_qube:
    case TokenKind::default_target:
    case TokenKind::type:
    case TokenKind::tag:
    case TokenKind::dispvm_tagged:
      break;
  }
  return {Target::Kind::none, "@default", nullptr};
}

Qube const* disposable_template(std::string_view text, SystemInfo const& info) {
  Qube const* qube = info.find(text);
  return qube != nullptr && qube->template_for_dispvms ? qube : nullptr;
}

bool matches_service(Rule const& rule, std::string_view service, std::string_view argument) {
  return (!rule.service || *rule.service == service) && (!rule.argument || *rule.argument == argument);
}

bool matches_source(Token const& token, Qube const& source) {
  if (token.kind == TokenKind::everything) return true;
  if (token.kind == TokenKind::any_qube) return !is_dom0(source);
  if (token.kind == TokenKind::dom0) return is_dom0(source);
  return names_qube(token, source);
}

bool matches_target(Token const& token, Target const& target, Qube const& source, SystemInfo const& info) {
  switch (token.kind) {
    case TokenKind::everything:
      return true;
    case TokenKind::any_qube:
      return target.kind != Target::Kind::dom0;
    case TokenKind::default_target:
      return target.kind == Target::Kind::none;
    case TokenKind::dom0:
      return target.kind == Target::Kind::dom0;
    case TokenKind::dispvm:
      return target.kind == Target::Kind::dispvm_of_source;
    case TokenKind::dispvm_of:
      return matches_disposable_of(token, target, source, info);
    case TokenKind::dispvm_tagged:
      return matches_disposable_tagged(token, target, source, info);
    case TokenKind::name:
    case TokenKind::uuid:
      return target.kind == Target::Kind::qube && names_qube(token, *target.qube);
    case TokenKind::type:
    case TokenKind::tag:
      break;
  }
  // The keyword is no qube, so type and tags speak of dom0 only where it is asked for by name or uuid.
  bool const by_name =
      target.kind == Target::Kind::qube || (target.kind == Target::Kind::dom0 && target.written != "@adminvm");
  return by_name && target.qube != nullptr && names_qube(token, *target.qube);
}

}  // namespace bh::policy
