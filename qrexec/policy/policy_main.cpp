// qrexec-policy: lint and eval on the same library that decides calls.
#include <CLI/CLI.hpp>
#include <iostream>

#include "base/log.h"
#include "base/paths.h"
#include "qrexec/policy/commands.h"

namespace {

using namespace bh;
using namespace bh::policy;

constexpr char kExamples[] = R"(examples:
  qrexec-policy lint                                    check the system's policy
  qrexec-policy lint 30-user.policy                     check one file by itself
  qrexec-policy eval work untrusted qubes.Filecopy      what would happen, and which line says so
  qrexec-policy eval work '' qubes.OpenURL --json       no target given
  qrexec-policy eval --policy-dir DIR --system-info FILE --batch FILE
exit status: 0 good or allowed, 1 errors found or not allowed, 2 wrong usage or unreadable input)";

void add_where(CLI::App& command, Where& where) {
  command
      .add_option("--policy-dir", where.folders,
                  "policy folder instead of the system's; the first hides files of later ones")
      ->allow_extra_args(false);
  command.add_option("--legacy-dir", where.legacy, "what !compat-4.0 reads");
  command.add_option("--system-info", where.system_info,
                     "JSON as of internal.GetSystemInfo, instead of asking the admin daemon");
  command.add_flag("--json", where.json, "print JSON");
}

}  // namespace

int main(int argc, char** argv) {
  log::start("qrexec-policy");
  CLI::App app("Checks qrexec policy and says what it decides.", "qrexec-policy");
  app.set_version_flag("--version", "qrexec-policy (Bulkhead) " BH_VERSION);
  app.footer(kExamples);
  app.require_subcommand(1);
  Where where;
  LintOptions lint_options;
  EvalOptions eval_options;
  CLI::App& lint = *app.add_subcommand("lint", "Report errors, rules that never decide, and names that do not exist.");
  lint.footer("example: qrexec-policy lint --json --policy-dir /etc/qubes/policy.d");
  add_where(lint, where);
  lint.add_option("FILES", lint_options.files,
                  "files to check one by one, includes not followed (default: the whole policy)");
  CLI::App& eval = *app.add_subcommand("eval", "Say how a call would be decided, and by which line.");
  eval.footer("example: qrexec-policy eval work untrusted qubes.Filecopy");
  add_where(eval, where);
  eval.add_option("SOURCE", eval_options.source, "calling qube");
  eval.add_option("TARGET", eval_options.target, "requested target; '' for none");
  eval.add_option("SERVICE", eval_options.service, "SERVICE or SERVICE+ARGUMENT");
  eval.add_option("--batch", eval_options.batch, "file with one JSON request a line; - is standard input");
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  where.complete(Paths::from_environment());
  return lint.parsed() ? run_lint(where, lint_options) : run_eval(where, eval_options);
}
