#include "qrexec/policy/token.h"

#include <optional>

namespace bh::policy {
namespace {

std::string_view place_name(TokenPlace place) {
  switch (place) {
    case TokenPlace::source:
      return "source";
    case TokenPlace::target:
      return "target";
    case TokenPlace::redirect:
      return "redirect";
    case TokenPlace::request:
      return "requested target";
  }
  return "";
}

bool allowed(TokenKind kind, TokenPlace place) {
  switch (kind) {
    case TokenKind::name:
    case TokenKind::uuid:
    case TokenKind::dom0:
      return true;
    case TokenKind::everything:
    case TokenKind::any_qube:
    case TokenKind::type:
    case TokenKind::tag:
    case TokenKind::dispvm_tagged:
      return place == TokenPlace::source || place == TokenPlace::target;
    case TokenKind::default_target:
      return place == TokenPlace::target || place == TokenPlace::request;
    case TokenKind::dispvm:
      return place != TokenPlace::source;
    case TokenKind::dispvm_of:
      return true;
  }
  return false;
}

std::optional<std::string_view> after(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return text.substr(prefix.size());
}

struct Kind {
  TokenKind kind;
  std::string_view value;
};

std::optional<Kind> disposable(std::string_view base) {
  if (base.empty()) return std::nullopt;
  if (auto const tag = after(base, "@tag:")) {
    if (tag->empty()) return std::nullopt;
    return Kind{TokenKind::dispvm_tagged, *tag};
  }
  if (base.front() == '@' || base == "*" || base == "uuid:") return std::nullopt;
  return Kind{TokenKind::dispvm_of, base};
}

std::optional<Kind> classify(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text == "*") return Kind{TokenKind::everything, {}};
  if (text == "dom0" || text == "@adminvm" || text == kDom0Uuid) return Kind{TokenKind::dom0, "dom0"};
  if (text == "uuid:") return std::nullopt;
  if (text.starts_with("uuid:")) return Kind{TokenKind::uuid, text};
  if (text.front() != '@') return Kind{TokenKind::name, text};
  if (text == "@anyvm") return Kind{TokenKind::any_qube, {}};
  if (text == "@default") return Kind{TokenKind::default_target, {}};
  if (text == "@dispvm") return Kind{TokenKind::dispvm, {}};
  if (auto const value = after(text, "@type:"); value && !value->empty()) return Kind{TokenKind::type, *value};
  if (auto const value = after(text, "@tag:"); value && !value->empty()) return Kind{TokenKind::tag, *value};
  if (auto const value = after(text, "@dispvm:")) return disposable(*value);
  return std::nullopt;
}

}  // namespace

Result<Token, std::string> parse_token(std::string_view text, TokenPlace place) {
  std::optional<Kind> const kind = classify(text);
  if (!kind || !allowed(kind->kind, place)) {
    return Failure{"invalid " + std::string(place_name(place)) + " token: '" + std::string(text) + "'"};
  }
  return Token{kind->kind, std::string(kind->value), std::string(text)};
}

}  // namespace bh::policy
