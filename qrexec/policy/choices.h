// The targets that a person may choose from when a rule says ask (policy.md 4.3).
#pragma once

#include <set>
#include <string>

#include "qrexec/policy/match.h"
#include "qrexec/policy/policy.h"
#include "qrexec/policy/request.h"

namespace bh::policy {

// Names, "dom0" and "@dispvm:TEMPLATE"; without the source and without internal qubes.
[[nodiscard]] std::set<std::string> collect_choices(Policy const& policy, SystemInfo const& info,
                                                    Request const& request, Qube const& source);
// How a target stands in the list of choices; empty if it cannot.
[[nodiscard]] std::string choice_name(Target const& target, Qube const& source);

}  // namespace bh::policy
