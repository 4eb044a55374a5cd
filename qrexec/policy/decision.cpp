#include "qrexec/policy/decision.h"

namespace bh::policy {

std::string_view deny_reason_name(DenyReason reason) {
  switch (reason) {
    case DenyReason::rule:
      return "rule";
    case DenyReason::no_match:
      return "no-match";
    case DenyReason::no_target:
      return "no-target";
    case DenyReason::no_dispvm:
      return "no-dispvm";
    case DenyReason::not_dispvm_template:
      return "not-dispvm-template";
    case DenyReason::autostart:
      return "autostart";
    case DenyReason::no_choice:
      return "no-choice";
    case DenyReason::loopback:
      return "loopback";
    case DenyReason::relay:
      return "relay";
    case DenyReason::user:
      return "user";
    case DenyReason::bad_answer:
      return "bad-answer";
    case DenyReason::request:
      return "request";
    case DenyReason::syntax:
      return "syntax";
    case DenyReason::filename:
      return "filename";
    case DenyReason::io:
      return "io";
    case DenyReason::internal:
      return "internal";
  }
  return "internal";
}

Decision refusal(DenyReason reason, std::string message) {
  Decision decision;
  decision.outcome = Deny{reason, true, std::move(message)};
  return decision;
}

Decision refusal_for(Problems const& problems) {
  if (problems.empty()) return refusal(DenyReason::internal, "the policy could not be loaded");
  Problem const& first = problems.front();
  DenyReason const reason = first.kind == ProblemKind::filename ? DenyReason::filename
                            : first.kind == ProblemKind::io     ? DenyReason::io
                                                                : DenyReason::syntax;
  Decision decision = refusal(reason, "the policy does not load, so everything is refused: " + first.for_people());
  decision.error = first.at;
  return decision;
}

}  // namespace bh::policy
