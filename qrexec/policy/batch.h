// Evaluation of many requests, one JSON object a line (protocols/conformance.md 2), and the JSON form of a decision.
#pragma once

#include <iosfwd>
#include <string>

#include "qrexec/policy/decide.h"
#include "qrexec/policy/loader.h"

namespace bh::policy {

// The error names the line that is no request. Every answer so far has been written then.
[[nodiscard]] Result<void, std::string> evaluate_batch(Result<Policy, Problems> const& policy, SystemInfo const& info,
                                                       std::istream& requests, std::ostream& answers);
// One object, without a line end.
[[nodiscard]] std::string decision_json(Decision const& decision);
[[nodiscard]] std::string problems_json(Problems const& errors, Problems const& warnings);

}  // namespace bh::policy
