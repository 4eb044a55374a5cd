#include "qrexec/policy/batch.h"

#include <istream>
#include <nlohmann/json.hpp>
#include <ostream>

#include "qrexec/policy/answer.h"

namespace bh::policy {
namespace {

using Json = nlohmann::json;

Json or_null(std::optional<std::string> const& text) { return text ? Json(*text) : Json(nullptr); }

Json place(std::optional<Location> const& at) {
  if (!at) return nullptr;
  return Json{{"file", at->file}, {"line", at->line == 0 ? Json(nullptr) : Json(at->line)}};
}

void put(Json& out, Allow const& allow, Decision const& decision) {
  Json response = Json::object();
  for (auto const& [key, value] : answer_pairs(decision)) response[key] = value;
  out.update({{"decision", "allow"},
              {"target", allow.target},
              {"user", or_null(allow.user)},
              {"autostart", allow.autostart},
              {"notify", allow.notify},
              {"response", response}});
}
void put(Json& out, Ask const& ask, Decision const&) {
  out.update({{"decision", "ask"},
              {"targets", ask.choices},
              {"default_target", or_null(ask.preselected)},
              {"user", or_null(ask.user)},
              {"autostart", ask.autostart},
              {"notify", ask.notify}});
}
void put(Json& out, Deny const& denied, Decision const& decision) {
  out.update({{"decision", "deny"},
              {"notify", denied.notify},
              {"reason", deny_reason_name(denied.reason)},
              {"message", denied.message}});
  if (decision.error) out["at"] = place(decision.error);
}

Json to_json(Decision const& decision) {
  Json out = Json::object();
  std::visit([&](auto const& outcome) { put(out, outcome, decision); }, decision.outcome);
  out["rule"] = place(decision.rule);
  if (!decision.warnings.empty()) out["warnings"] = decision.warnings;
  return out;
}

std::string dumped(Json const& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// The text under `key`; nullopt if it is not there or null.
Result<std::optional<std::string>, std::string> text(Json const& line, char const* key) {
  auto const found = line.find(key);
  if (found == line.end() || found->is_null()) return std::optional<std::string>{};
  if (!found->is_string()) return Failure{"'" + std::string(key) + "' is not a string"};
  return std::optional<std::string>(found->get<std::string>());
}

Decision answered(SystemInfo const& info, Decision asked, Json const& answer) {
  auto const yes = answer.is_object() ? answer.find("allow") : answer.end();
  if (!answer.is_object() || yes == answer.end() || !yes->is_boolean()) return answer_yes(info, std::move(asked), {});
  if (!yes->get<bool>()) return answer_no(std::move(asked));
  auto const target = text(answer, "target");
  return answer_yes(info, std::move(asked), target && *target ? **target : std::string());
}

Result<Decision, std::string> decide_line(Policy const& policy, SystemInfo const& info, Json const& line) {
  BH_TRY(source, text(line, "source"));
  BH_TRY(target, text(line, "target"));
  BH_TRY(service, text(line, "service"));
  BH_TRY(argument, text(line, "argument"));
  BH_TRY(requested_source, text(line, "requested_source"));
  if (!source || !service) return Failure{std::string("'source' or 'service' is missing")};
  if (requested_source && requested_source->empty()) requested_source.reset();
  auto const request =
      Request::parse({*source, target.value_or(""), *service, argument.value_or("+"),
                      requested_source ? std::optional<std::string_view>(*requested_source) : std::nullopt});
  if (!request) return refusal(DenyReason::request, request.error());
  Decision decision = decide(policy, info, *request);
  auto const answer = line.find("answer");
  if (answer == line.end() || answer->is_null() || !std::holds_alternative<Ask>(decision.outcome)) return decision;
  return answered(info, std::move(decision), *answer);
}

Json problem_json(Problem const& problem) {
  char const* const kind = problem.kind == ProblemKind::syntax     ? "syntax"
                           : problem.kind == ProblemKind::filename ? "filename"
                                                                   : "io";
  return Json{{"kind", kind},
              {"folder", problem.at.folder},
              {"file", problem.at.file},
              {"line", problem.at.line},
              {"column", problem.at.column},
              {"message", problem.message},
              {"hint", problem.hint}};
}

}  // namespace

Result<void, std::string> evaluate_batch(Result<Policy, Problems> const& policy, SystemInfo const& info,
                                         std::istream& requests, std::ostream& answers) {
  std::string line_text;
  for (std::size_t number = 1; std::getline(requests, line_text); ++number) {
    if (line_text.find_first_not_of(" \t\r") == std::string::npos) continue;
    Json const line = Json::parse(line_text, nullptr, false);
    if (!line.is_object()) return Failure{"line " + std::to_string(number) + " of the batch is not a JSON object"};
    Result<Decision, std::string> decision = policy ? decide_line(*policy, info, line) : refusal_for(policy.error());
    if (!decision) return Failure{"line " + std::to_string(number) + " of the batch: " + decision.error()};
    Json out = to_json(*decision);
    out["id"] = line.contains("id") ? line.at("id") : Json(nullptr);
    answers << dumped(out) << '\n';
  }
  if (requests.bad()) return Failure{std::string("cannot read the batch to its end")};
  answers.flush();
  if (!answers) return Failure{std::string("cannot write the answers")};
  return {};
}

std::string decision_json(Decision const& decision) { return dumped(to_json(decision)); }

std::string problems_json(Problems const& errors, Problems const& warnings) {
  Json out{{"errors", Json::array()}, {"warnings", Json::array()}};
  for (Problem const& problem : errors) out["errors"].push_back(problem_json(problem));
  for (Problem const& problem : warnings) out["warnings"].push_back(problem_json(problem));
  return dumped(out);
}

}  // namespace bh::policy
