// Expectations: a text file that says what a policy must decide, for people who keep their policy under version control.
//
//   # comment
//   work -> vault  qubes.Filecopy     deny
//   work -> @default qubes.OpenURL    allow @dispvm:dvm user=user
//   work -> personal qubes.Filecopy   ask personal vault        every named target must be offered
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qrexec/policy/decide.h"

namespace bh::policy {

inline constexpr std::size_t kMaxExpectations = 100'000;

struct Expectation {
  enum class Outcome { allow, ask, deny };
  Request request;
  Outcome outcome = Outcome::deny;
  std::vector<std::string> targets;  // allow: none or the one; ask: each must be offered
  std::optional<std::string> user;
  std::optional<std::string> reason;  // deny reason=WORD
  Location at;
};

struct Expectations {
  std::vector<Expectation> all;
  Problems problems;
};
[[nodiscard]] Expectations parse_expectations(std::string const& file, std::string_view text);

// Empty: it is as expected; else a sentence that says what came out instead.
[[nodiscard]] std::string unmet(Expectation const& expectation, Decision const& decision);

}  // namespace bh::policy
