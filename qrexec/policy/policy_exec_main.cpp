// qrexec-policy-exec: the policy program that qrexec-daemon runs for one call. Prints the answer (qrexec.md 12);
// whatever goes wrong is a deny.
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "base/display_text.h"
#include "base/log.h"
#include "base/paths.h"
#include "qrexec/policy/admin_system_info.h"
#include "qrexec/policy/answer.h"
#include "qrexec/policy/decide.h"
#include "qrexec/policy/loader.h"

namespace {

using namespace bh;
using namespace bh::policy;

// Less than the daemon waits for us, so that the log says what was slow.
constexpr auto kAdminTimeout = std::chrono::seconds(10);

constexpr char kHelp[] =
    R"(Decides one qrexec call by the policy and prints the answer as key=value lines.

usage: qrexec-policy-exec [OPTIONS] -- SOURCE TARGET SERVICE[+ARGUMENT]

  SOURCE   the calling qube, as the caller of this program knows it
  TARGET   the target that was asked for; empty is @default

options:
  --path DIR             a policy folder; may be repeated (default: the system's, or below $BULKHEAD_ROOT)
  --assume-yes-for-ask   a rule 'ask' allows the target as requested
  --just-evaluate        nobody is asked or told; the answer is the same
  --help, --version

exit status: 0 allowed, 1 denied (also for every error), 2 wrong usage (also a denial)

example: qrexec-policy-exec -- work untrusted qubes.Filecopy
)";

struct Options {
  bool help = false, version = false, assume_yes = false;
  std::vector<std::string> folders;
  std::vector<std::string> words;
};

Result<Options, std::string> parse_options(std::vector<std::string> const& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string const& argument = arguments[i];
    if (argument == "--") {
      // GUARD: target and service are a guest's words; after "--" nothing is an option.
      options.words.insert(options.words.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                           arguments.end());
      break;
    }
    if (argument == "--help" || argument == "-h")
      options.help = true;
    else if (argument == "--version")
      options.version = true;
    else if (argument == "--assume-yes-for-ask")
      options.assume_yes = true;
    else if (argument == "--just-evaluate")
      continue;  // this program never asks or tells anybody: kept for its callers
    else if (argument == "--path" && i + 1 < arguments.size())
      options.folders.push_back(arguments[++i]);
    else if (argument.starts_with("--path="))
      options.folders.push_back(argument.substr(7));
    else if (argument.starts_with('-'))
      return Failure{"unknown option or missing value: " + argument};
    else
      options.words.push_back(argument);
  }
  return options;
}

Decision decide_call(Options const& options, Paths const& paths) {
  auto const request = Request::parse(options.words[0], options.words[1], options.words[2]);
  if (!request) return refusal(DenyReason::request, request.error());
  PolicyFolders where{options.folders, (paths.dom0_services() / "policy").string()};
  if (where.folders.empty()) {
    for (auto const& folder : paths.policy_dirs()) where.folders.push_back(folder.string());
  }
  auto const policy = load_policy(DiskPolicyFiles(), where);
  if (!policy) {
    for (Problem const& problem : policy.error()) log::error("policy: " + problem.for_people());
    return refusal_for(policy.error());
  }
  auto const info = ask_system_info(paths.admin_socket(), Clock::now() + kAdminTimeout);
  if (!info) return refusal(DenyReason::internal, info.error());
  Decision decision = decide(*policy, *info, *request);
  if (!std::holds_alternative<Ask>(decision.outcome)) return decision;
  if (options.assume_yes) return assume_yes(*info, std::move(decision));
  log::warning(
      "the rule at " + decision.rule->for_people() +
      " says ask, but there is nobody to ask in this version: denied (make it an allow rule to permit the call)");
  return decision;
}

}  // namespace

int main(int argc, char** argv) {
  log::start("qrexec-policy-exec");
  auto const options = parse_options(std::vector<std::string>(argv + 1, argv + argc));
  if (options && options->help) return std::cout << kHelp, 0;
  if (options && options->version) return std::cout << "qrexec-policy-exec (Bulkhead) " BH_VERSION "\n", 0;
  if (!options || options->words.size() != 3) {
    std::cerr << "qrexec-policy-exec: "
              << (options ? "three words are needed: SOURCE TARGET SERVICE" : for_display(options.error()))
              << "\nTry --help.\n";
    std::cout << "result=deny\n" << std::flush;
    return 2;
  }
  Decision const decision = decide_call(*options, Paths::from_environment());
  for (std::string const& warning : decision.warnings) log::warning(for_display(warning));
  bool const allowed = std::holds_alternative<Allow>(decision.outcome);
  log::write(allowed ? log::Level::info : log::Level::warning, for_display(log_line(decision)));
  std::cout << answer_text(decision) << std::flush;
  // An answer that nobody can have read is no permission.
  return allowed && std::cout.good() ? 0 : 1;
}
