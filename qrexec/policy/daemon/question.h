// What qrexec-daemon asks on the policy socket (qrexec.md 12): "key=value" lines and an empty line. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bh::policy {

// GUARD: target and service in a question are a qube's own words.
inline constexpr std::size_t kMaxQuestionLine = 64 * 1024;
inline constexpr std::size_t kMaxQuestion = 4 * kMaxQuestionLine;

struct Question {
  std::string source;
  std::string intended_target;  // "" is @default
  std::string service_and_argument;
  std::optional<std::string> requested_source;
  bool assume_yes = false;
  bool just_evaluate = false;
};

// Whether the empty line that ends a question has come.
[[nodiscard]] bool is_whole_question(std::string_view text);
// The error says what is wrong; such a question gets no answer at all.
[[nodiscard]] Result<Question, std::string> parse_question(std::string_view text);

// policy.EvalSimple and policy.EvalGUI (qrexec.md 12): a service's header with its NUL, then SOURCE NUL TARGET.
inline constexpr std::size_t kMaxEvalBody = 96;
struct EvalQuestion {
  std::string caller;
  Question question;
};
[[nodiscard]] Result<EvalQuestion, std::string> parse_eval_question(std::string_view text, std::string_view service);

}  // namespace bh::policy
