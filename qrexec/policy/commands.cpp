#include "qrexec/policy/commands.h"

#include <fstream>
#include <iostream>

#include "base/display_text.h"
#include "base/posix_io.h"
#include "qrexec/policy/admin_system_info.h"
#include "qrexec/policy/answer.h"
#include "qrexec/policy/batch.h"
#include "qrexec/policy/lint.h"

namespace bh::policy {
namespace {

constexpr auto kAdminTimeout = std::chrono::seconds(10);

int usage(std::string const& message) {
  std::cerr << "qrexec-policy: " << for_display(message) << "\nTry --help.\n";
  return 2;
}
int unreadable(std::string const& message) {
  std::cerr << "qrexec-policy: " << for_display(message) << "\n";
  return 2;
}

Result<SystemInfo, std::string> system_info(Where const& where) {
  if (!where.system_info.empty()) return read_system_info(where.system_info);
  return ask_system_info(where.admin_socket, Clock::now() + kAdminTimeout);
}

PolicyFolders folders_of(Where const& where) { return {where.folders, where.legacy}; }

void print_problems(Problems const& problems, char const* severity) {
  for (Problem const& problem : problems) {
    std::string const place = for_display(problem.at.for_people());
    std::cout << place << ": " << severity << problem.for_people().substr(place.size() + 1) << "\n";
  }
}

struct Findings {
  Problems errors;
  Problems warnings;
  std::vector<Rule> rules;
};

Findings look_at(Where const& where, LintOptions const& options) {
  Findings found;
  if (options.files.empty()) {
    auto policy = load_policy(DiskPolicyFiles(), folders_of(where));
    if (policy)
      found.rules = policy->rules();
    else
      found.errors = std::move(policy).error();
    found.warnings = hidden_rules(found.rules);
    return found;
  }
  for (std::string const& name : options.files) {
    auto const text = read_file(name, kMaxFileSize);
    if (!text) {
      found.errors.push_back({ProblemKind::io, Location{{}, name, 0, 0}, text.error().message, {}});
      continue;
    }
    SingleFile const parsed = parse_single_file(name, *text);
    Problems const hidden = hidden_rules(parsed.rules);
    found.warnings.insert(found.warnings.end(), hidden.begin(), hidden.end());
    found.errors.insert(found.errors.end(), parsed.problems.begin(), parsed.problems.end());
    found.rules.insert(found.rules.end(), parsed.rules.begin(), parsed.rules.end());
  }
  return found;
}

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
    for (Problem const& problem : policy.error()) std::cerr << "qrexec-policy: " << problem.for_people() << "\n";
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

void Where::complete(Paths const& paths) {
  admin_socket = paths.admin_socket();
  if (!folders.empty()) return;
  for (auto const& folder : paths.policy_dirs()) folders.push_back(folder.string());
  if (!legacy) legacy = (paths.dom0_services() / "policy").string();
}

int run_lint(Where const& where, LintOptions const& options) {
  Findings const found = look_at(where, options);
  Problems warnings = found.warnings;
  auto const info = system_info(where);
  if (info) {
    Problems const unknown = unknown_names(found.rules, *info);
    warnings.insert(warnings.end(), unknown.begin(), unknown.end());
  } else if (!where.system_info.empty()) {
    return unreadable(info.error());
  } else {
    std::cerr << "qrexec-policy: note: names of qubes were not checked: " << for_display(info.error()) << "\n";
  }
  if (where.json) {
    std::cout << problems_json(found.errors, warnings) << "\n";
  } else {
    print_problems(found.errors, "error:");
    print_problems(warnings, "warning:");
    if (found.errors.empty())
      std::cout << found.rules.size() << " rules, no errors, " << warnings.size() << " warnings\n";
    else if (options.files.empty())
      std::cout << "The policy does not load: every call is refused until this is mended.\n";
  }
  return found.errors.empty() ? 0 : 1;
}

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

}  // namespace bh::policy
