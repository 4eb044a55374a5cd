// What the policy says (qrexec.md 12): "key=value" lines. Malformed is not the same as deny, but never an allow.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace bh::qrexec {

inline constexpr std::size_t kMaxPolicyAnswer = 4095;

struct PolicyAllow {
  std::string user;                         // "DEFAULT": the target's default user
  std::string target;                       // name, "dom0" or "@dispvm:BASE"
  std::optional<std::string> target_uuid;   // "uuid:..."
  bool autostart = false;
  std::string requested_target;
  std::optional<std::string> service;        // replaces service and argument
  std::optional<std::string> policy_source;  // the source that the target is told
};
struct PolicyDeny {};
using PolicyAnswer = std::variant<PolicyDeny, PolicyAllow>;

// The error says what is wrong with it.
Result<PolicyAnswer, std::string> parse_policy_answer(std::string_view text);

}  // namespace bh::qrexec
