#include "qrexec/policy/daemon/decision_record.h"

#include <algorithm>

#include "base/display_text.h"

namespace bh::policy {
namespace {

// GUARD: forged fields and lines in the log; a value is one word.
void add(std::string& line, char const* key, std::string_view value) {
  std::string word = for_display(value, 512);
  std::replace(word.begin(), word.end(), ' ', '_');
  line.append(line.empty() ? "" : " ").append(key).append("=").append(word.empty() ? "-" : word);
}

void add_outcome(std::string& line, Decision const& decision) {
  if (auto const* allow = std::get_if<Allow>(&decision.outcome)) {
    add(line, "outcome", "allow");
    add(line, "target", allow->target);
    add(line, "user", allow->user.value_or("DEFAULT"));
  } else if (std::holds_alternative<Ask>(decision.outcome)) {
    add(line, "outcome", "ask");
  } else {
    add(line, "outcome", "deny");
    add(line, "reason", deny_reason_name(std::get<Deny>(decision.outcome).reason));
  }
}

}  // namespace

std::string decision_record(Decision const& decision, std::string_view how) {
  std::string line;
  if (decision.request) {
    Request const& request = *decision.request;
    add(line, "source", request.source());
    if (request.requested_source()) add(line, "requested_source", *request.requested_source());
    add(line, "service", request.service() + request.argument());
    add(line, "requested_target", request.target().written);
  }
  add_outcome(line, decision);
  add(line, "by", how);
  if (decision.rule) add(line, "rule", decision.rule->for_people());
  if (decision.error) add(line, "error_at", decision.error->for_people());
  return line;
}

}  // namespace bh::policy
