// Matching: does a rule speak of this caller and this target? (policy.md 3.1)
#pragma once

#include <string>

#include "qrexec/policy/rule.h"
#include "qrexec/policy/system_info.h"

namespace bh::policy {

// A target after the check for existence. Points into a SystemInfo, so it lives no longer than one decision.
struct Target {
  enum class Kind { none, dom0, qube, dispvm_of_source, dispvm_of };
  Kind kind = Kind::none;
  std::string written;  // as it stood in request or rule; "@default" for none
  Qube const* qube =
      nullptr;  // the qube; of dispvm_of its template, null if there is none of that name; of dom0 its record

  [[nodiscard]] bool disposable() const { return kind == Kind::dispvm_of_source || kind == Kind::dispvm_of; }
};

// An unknown name becomes `none`. Precondition: a token that may stand in a request or a redirect.
[[nodiscard]] Target resolve(Token const& token, SystemInfo const& info);
// The qube after "@dispvm:", if it exists and is a template for disposables.
[[nodiscard]] Qube const* disposable_template(std::string_view text, SystemInfo const& info);

[[nodiscard]] bool matches_service(Rule const& rule, std::string_view service, std::string_view argument);
[[nodiscard]] bool matches_source(Token const& token, Qube const& source);
[[nodiscard]] bool matches_target(Token const& token, Target const& target, Qube const& source, SystemInfo const& info);

}  // namespace bh::policy
