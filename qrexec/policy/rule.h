// Rule: one line of policy in its final, checked form.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "qrexec/policy/location.h"
#include "qrexec/policy/token.h"

namespace bh::policy {

struct AllowAction {
  std::optional<Token> target;
  std::optional<std::string> user;
  bool notify = false;
  bool autostart = true;
};

struct AskAction {
  std::optional<Token> target;
  std::optional<Token> default_target;
  std::optional<std::string> user;
  bool notify = false;
  bool autostart = true;
};

struct DenyAction {
  bool notify = true;
};

using Action = std::variant<AllowAction, AskAction, DenyAction>;

struct Rule {
  std::optional<std::string> service;   // nullopt: *
  std::optional<std::string> argument;  // nullopt: *; else with its "+", which alone is the empty argument
  Token source;
  Token target;
  Action action;
  Location at;
};

}  // namespace bh::policy
