// The words between the policy daemon and a prompt (qrexec.md 13): a header, a JSON object, the end; back comes one word. Both sides.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "qrexec/policy/decision.h"
#include "qrexec/policy/system_info.h"

namespace bh::policy {

inline constexpr std::size_t kMaxPromptMessage = std::size_t{1} << 20;
inline constexpr std::size_t kMaxPromptAnswer = 4096;
inline constexpr std::size_t kMaxPromptTargets = 4096;

// What is shown, and nothing else is asked.
struct AskMessage {
  std::string source;
  std::string service;
  std::string argument;  // with its "+"
  std::vector<std::string> targets;
  std::string default_target;  // may be empty
  std::map<std::string, std::string> icons;
};
enum class Resolution { allow, deny, fail };
struct NotifyMessage {
  Resolution resolution = Resolution::deny;
  std::string source;
  std::string service;
  std::string argument;
  std::string target;
};
using PromptMessage = std::variant<AskMessage, NotifyMessage>;

// Precondition: `asked` holds an Ask.
[[nodiscard]] AskMessage ask_message(Decision const& asked, SystemInfo const& info);
// Nothing where the decision does not ask for it.
[[nodiscard]] std::optional<NotifyMessage> notify_message(Decision const& decision);

// Header with its NUL, then JSON.
[[nodiscard]] std::string encode(PromptMessage const& message);
// GUARD: a prompt may be fed by anybody who can connect; every name is checked before it is shown.
[[nodiscard]] Result<PromptMessage, std::string> parse_prompt_message(std::string_view text);

// The target that was chosen; nullopt for no. Whatever else was answered is a no that says why.
[[nodiscard]] Result<std::optional<std::string>, std::string> parse_prompt_answer(std::string_view text);

}  // namespace bh::policy
