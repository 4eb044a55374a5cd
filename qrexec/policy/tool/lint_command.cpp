#include <algorithm>
#include <iostream>
#include <tuple>

#include "base/display_text.h"
#include "base/posix_io.h"
#include "qrexec/policy/batch.h"
#include "qrexec/policy/lint.h"
#include "qrexec/policy/tool/inputs.h"

namespace bh::policy::tool {
namespace {

struct Findings {
  Problems errors;
  Problems warnings;
  std::vector<Rule> rules;
  std::optional<Policy> policy;  // where the whole of it was looked at
};

Findings look_at(Where const& where, LintOptions const& options) {
  Findings found;
  if (options.files.empty()) {
    auto policy = load_policy(DiskPolicyFiles(), folders_of(where));
    if (policy) {
      found.rules = policy->rules();
      found.policy = *std::move(policy);
    } else {
      found.errors = std::move(policy).error();
    }
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

void add(Problems& to, Problems more) { to.insert(to.end(), more.begin(), more.end()); }

// A rule that is hidden by the rules alone need not be told a second time.
Problems shadowed_unless_hidden(Policy const& policy, SystemInfo const& info, Problems const& hidden) {
  Problems found = shadowed_rules(policy, info);
  std::erase_if(found, [&](Problem const& problem) {
    return std::any_of(hidden.begin(), hidden.end(), [&](Problem const& other) {
      return other.at.folder == problem.at.folder && other.at.file == problem.at.file && other.at.line == problem.at.line;
    });
  });
  return found;
}

}  // namespace

int run_lint(Where const& where, LintOptions const& options) {
  Findings const found = look_at(where, options);
  Problems warnings = found.warnings;
  add(warnings, wide_rules(found.rules));
  add(warnings, misspelt_services(found.rules));
  auto const info = system_info(where);
  if (info) {
    add(warnings, unknown_names(found.rules, *info));
    if (found.policy) add(warnings, shadowed_unless_hidden(*found.policy, *info, found.warnings));
  } else if (!where.system_info.empty()) {
    return unreadable(info.error());
  } else {
    std::cerr << "qrexec-policy: note: names of qubes were not checked: " << for_display(info.error()) << "\n";
  }
  std::stable_sort(warnings.begin(), warnings.end(), [](Problem const& a, Problem const& b) {
    return std::tie(a.at.folder, a.at.file, a.at.line) < std::tie(b.at.folder, b.at.file, b.at.line);
  });
  if (where.json) {
    std::cout << problems_json(found.errors, warnings) << "\n";
  } else {
    print_problems(std::cout, found.errors, "error");
    print_problems(std::cout, warnings, "warning");
    if (found.errors.empty())
      std::cout << found.rules.size() << " rules, no errors, " << warnings.size() << " warnings\n";
    else if (options.files.empty())
      std::cout << "The policy does not load: every call is refused until this is mended.\n";
  }
  return found.errors.empty() ? 0 : 1;
}

}  // namespace bh::policy::tool
