#include "qrexec/policy/answer.h"

namespace bh::policy {
namespace {

std::string outcome_text(Decision const& decision) {
  if (auto const* allow = std::get_if<Allow>(&decision.outcome)) return "allowed to " + allow->target;
  if (std::holds_alternative<Ask>(decision.outcome)) return "needs a question";
  Deny const& denied = std::get<Deny>(decision.outcome);
  return "denied: " + denied.message;
}

}  // namespace

AnswerPairs answer_pairs(Decision const& decision) {
  auto const* allow = std::get_if<Allow>(&decision.outcome);
  if (allow == nullptr) return {{"result", "deny"}};
  AnswerPairs pairs{{"user", allow->user.value_or("DEFAULT")}, {"result", "allow"}, {"target", allow->target}};
  if (allow->target_uuid) pairs.emplace_back("target_uuid", *allow->target_uuid);
  pairs.emplace_back("autostart", allow->autostart ? "True" : "False");
  pairs.emplace_back("requested_target", allow->requested_target);
  if (allow->service) pairs.emplace_back("service", *allow->service);
  if (allow->policy_source) pairs.emplace_back("policy_source", *allow->policy_source);
  return pairs;
}

std::string answer_text(Decision const& decision) {
  std::string text;
  for (auto const& [key, value] : answer_pairs(decision)) text += key + "=" + value + "\n";
  return text;
}

std::string log_line(Decision const& decision) {
  std::string line;
  if (decision.request) {
    Request const& request = *decision.request;
    line = request.service() + request.argument() + ": " + request.source();
    if (request.requested_source()) line += " for " + *request.requested_source();
    line += " -> " + request.target().written + ": ";
  }
  line += outcome_text(decision);
  if (decision.rule) line += " (" + decision.rule->for_people() + ")";
  return line;
}

}  // namespace bh::policy
