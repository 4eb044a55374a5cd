#include <iostream>
#include <nlohmann/json.hpp>

#include "base/display_text.h"
#include "qrexec/policy/answer.h"
#include "qrexec/policy/batch.h"
#include "qrexec/policy/explain.h"
#include "qrexec/policy/tool/inputs.h"

namespace bh::policy::tool {
namespace {

char const* kind_name(RuleStep::Kind kind) {
  switch (kind) {
    case RuleStep::Kind::passed_over: return "passed over";
    case RuleStep::Kind::decides: return "decides";
    case RuleStep::Kind::would_match: return "would match";
  }
  return "";
}

void print_json(Explanation const& told, Policy const& policy) {
  using Json = nlohmann::json;
  Json out{{"decision", Json::parse(decision_json(told.decision))}, {"rules_of_other_services", told.other_services}, {"steps", Json::array()}};
  for (RuleStep const& step : told.steps) {
    Rule const& rule = policy.rules()[step.position];
    out["steps"].push_back({{"kind", kind_name(step.kind)},
                            {"file", rule.at.file},
                            {"line", rule.at.line},
                            {"rule", rule_text(rule)},
                            {"reason", step.reason}});
  }
  out["without_the_rule"] = told.without ? Json::parse(decision_json(*told.without)) : Json(nullptr);
  std::cout << out.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
}

void print_steps(Explanation const& told, Policy const& policy, RuleStep::Kind kind, char const* title) {
  bool first = true;
  for (RuleStep const& step : told.steps) {
    if (step.kind != kind) continue;
    if (first) std::cout << title;
    first = false;
    Rule const& rule = policy.rules()[step.position];
    std::cout << "  " << for_display(rule.at.for_people()) << ": " << for_display(rule_text(rule), 8192) << "\n";
    if (!step.reason.empty()) std::cout << "      " << for_display(step.reason) << "\n";
  }
}

void print_text(Explanation const& told, Policy const& policy) {
  std::cout << for_display(log_line(told.decision), 8192) << "\n";
  for (std::string const& warning : told.decision.warnings) std::cout << "  note: " << for_display(warning) << "\n";
  if (auto const* ask = std::get_if<Ask>(&told.decision.outcome)) {
    std::cout << "  offered:";
    for (std::string const& choice : ask->choices) std::cout << " " << for_display(choice);
    std::cout << "\n";
  }
  print_steps(told, policy, RuleStep::Kind::decides, "\nthe rule that decides\n");
  print_steps(told, policy, RuleStep::Kind::passed_over, "\nlooked at before, and why it does not match\n");
  if (told.other_services > 0) std::cout << "  and " << told.other_services << " rules of other services\n";
  print_steps(told, policy, RuleStep::Kind::would_match, "\nlater rules that match as well, and so never get to this call\n");
  if (told.without) std::cout << "\nwithout the deciding rule\n  " << for_display(log_line(*told.without), 8192) << "\n";
}

}  // namespace

int run_explain(Where const& where, ExplainOptions const& options) {
  auto const world = load_world(where);
  if (!world) return world.error();
  auto const request = Request::parse(options.source, options.target, options.service);
  if (!request) return usage(request.error());
  Explanation const told = explain(world->policy, world->info, *request);
  where.json ? print_json(told, world->policy) : print_text(told, world->policy);
  return std::holds_alternative<Allow>(told.decision.outcome) ? 0 : 1;
}

}  // namespace bh::policy::tool
