// A survey of a policy: every call that the known qubes could make of the services that its rules name, and what would come of it.
// What `who`, `graph` and `diff` tell is read off this.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "qrexec/policy/decide.h"

namespace bh::policy {

// Stands for every service, or every argument, that no rule names: such calls are all decided alike.
inline constexpr std::string_view kAnyOther = "any-other.Service";
inline constexpr std::string_view kAnyOtherArgument = "+any-other-argument";

struct Call {
  std::string service;
  std::string argument;
  auto operator<=>(Call const&) const = default;
  // "qubes.Filecopy", "t.S+x", "t.S+*", "*"
  [[nodiscard]] std::string for_people() const;
};

struct SurveyFilter {
  std::optional<std::string> source;
  std::optional<std::string> service;  // SERVICE or SERVICE+ARGUMENT
};

// GUARD: a policy and a system may each be large; their product is refused rather than waited for.
inline constexpr std::size_t kMaxSurvey = 5'000'000;

// All calls that a rule speaks of, plus the placeholders.
[[nodiscard]] std::set<Call> calls_of(Policy const& policy);
// All that a caller may ask for: every qube, dom0, each disposable, and no target at all ("").
[[nodiscard]] std::vector<std::string> wishes_of(SystemInfo const& info);
// All callers but dom0, which needs no rule for its own calls.
[[nodiscard]] std::vector<std::string> sources_of(SystemInfo const& info);

struct SurveyScope {
  std::vector<std::string> sources;
  std::vector<Call> calls;
  std::vector<std::string> wishes;
};
// The error says how to narrow it.
[[nodiscard]] Result<SurveyScope, std::string> survey_scope(std::set<Call> const& calls, SystemInfo const& info,
                                                            SurveyFilter const& filter);
[[nodiscard]] Decision survey_one(Policy const& policy, SystemInfo const& info, std::string const& source, Call const& call,
                                  std::string const& wish);

// One way that is open: this source may reach this target with this call, at once or after a question.
struct Reach {
  std::string source;
  std::string target;  // the real one: redirects are followed
  Call call;
  bool asks = false;
  std::optional<std::string> user;
  Location rule;
};
// Each (source, target, call) once; a way without a question is preferred over one with.
[[nodiscard]] std::vector<Reach> reaches(Policy const& policy, SystemInfo const& info, SurveyScope const& scope);

}  // namespace bh::policy
