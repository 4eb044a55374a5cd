#include <fstream>
#include <iostream>

#include "base/display_text.h"
#include "qrexec/policy/answer.h"
#include "qrexec/policy/batch.h"
#include "qrexec/policy/tool/inputs.h"

namespace bh::policy::tool {
namespace {

void print_decision(Decision const& decision) {
  std::cout << for_display(log_line(decision), 8192) << "\n";
  if (auto const* allow = std::get_if<Allow>(&decision.outcome)) {
    std::cout << "  user: " << for_display(allow->user.value_or("the target's default"))
              << ", autostart: " << (allow->autostart ? "yes" : "no") << ", notify: " << (allow->notify ? "yes" : "no")
              << "\n";
  }
  if (auto const* ask = std::get_if<Ask>(&decision.outcome)) {
    std::cout << "  choices:";
    for (std::string const& choice : ask->choices) std::cout << " " << for_display(choice);
    std::cout << "\n  preselected: " << for_display(ask->preselected.value_or("nothing")) << "\n";
  }
  for (std::string const& warning : decision.warnings) std::cout << "  warning: " << for_display(warning) << "\n";
}

int run_batch(Where const& where, EvalOptions const& options) {
  auto const info = system_info(where);
  if (!info) return unreadable(info.error());
  auto const policy = load_policy(DiskPolicyFiles(), folders_of(where));
  if (!policy) {
    for (Problem const& problem : policy.error()) std::cerr << "qrexec-policy: " << for_display(problem.for_people()) << "\n";
  }
  if (options.batch == "-") {
    auto const done = evaluate_batch(policy, *info, std::cin, std::cout);
    return done ? 0 : unreadable(done.error());
  }
  std::ifstream file(options.batch);
  if (!file) return unreadable("cannot open the batch " + options.batch);
  auto const done = evaluate_batch(policy, *info, file, std::cout);
  return done ? 0 : unreadable(done.error());
}

Result<Decision, std::string> decide_one(Where const& where, EvalOptions const& options) {
  auto const request = Request::parse(*options.source, *options.target, *options.service);
  if (!request) return refusal(DenyReason::request, request.error());
  auto const policy = load_policy(DiskPolicyFiles(), folders_of(where));
  if (!policy) return refusal_for(policy.error());
  auto const info = system_info(where);
  if (!info) return Failure{info.error()};
  return decide(*policy, *info, *request);
}

}  // namespace

int run_eval(Where const& where, EvalOptions const& options) {
  bool const one = options.source || options.target || options.service;
  if (!options.batch.empty())
    return one ? usage("give either SOURCE TARGET SERVICE or --batch") : run_batch(where, options);
  if (!options.source || !options.target || !options.service)
    return usage("eval needs SOURCE TARGET SERVICE, or --batch FILE");
  auto const decision = decide_one(where, options);
  if (!decision) return unreadable(decision.error());
  if (where.json)
    std::cout << decision_json(*decision) << "\n";
  else
    print_decision(*decision);
  return std::holds_alternative<Allow>(decision->outcome) ? 0 : 1;
}

}  // namespace bh::policy::tool
