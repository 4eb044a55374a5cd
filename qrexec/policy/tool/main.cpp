// qrexec-policy: what the policy says, on the same library that decides calls. Wiring of the command line only.
#include <CLI/CLI.hpp>
#include <iostream>
#include <vector>

#include "base/log.h"
#include "base/paths.h"
#include "qrexec/policy/tool/commands.h"

namespace {

using namespace bh;
using namespace bh::policy::tool;

constexpr char kExamples[] = R"(examples:
  qrexec-policy lint                                    check the system's policy
  qrexec-policy eval work untrusted qubes.Filecopy      what would happen, and which line says so
  qrexec-policy explain work vault qubes.Filecopy       and why, and what would follow without that line
  qrexec-policy who --to vault                          who can reach vault, and how
  qrexec-policy who --from untrusted --without-ask      what untrusted may do without a question
  qrexec-policy graph --format svg -o policy.svg        a picture of it
  qrexec-policy test policy.expect                      hold the policy to what you wrote down
  qrexec-policy diff --policy-dir OLD --with NEW        which calls would be decided differently
  qrexec-policy edit                                    change 30-user.policy; saved only if all of the policy loads
exit status: 0 good or allowed, 1 errors found, not allowed or different, 2 wrong usage or unreadable input)";

class CommandLine {
 public:
  CommandLine() : app_("Checks, explains and changes qrexec policy.", "qrexec-policy") {
    app_.set_version_flag("--version", "qrexec-policy (Bulkhead) " BH_VERSION);
    app_.footer(kExamples);
    app_.require_subcommand(1);
    add_lint();
    add_eval();
    add_explain();
    add_who();
    add_graph();
    add_test();
    add_diff();
    add_store();
    add_edit();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (CLI::ParseError const& error) {
      return app_.exit(error) == 0 ? 0 : 2;
    }
    where_.complete(Paths::from_environment());
    for (auto const& [command, action] : commands_) {
      if (command->parsed()) return action();
    }
    return 2;
  }

 private:
  CLI::App& add(char const* name, char const* what, char const* example, std::function<int()> action) {
    CLI::App& command = *app_.add_subcommand(name, what);
    command.footer(std::string("example: qrexec-policy ") + example);
    command.add_option("--policy-dir", where_.folders, "policy folder instead of the system's; the first hides files of later ones")
        ->allow_extra_args(false);
    command.add_option("--legacy-dir", where_.legacy, "what !compat-4.0 reads");
    command.add_flag("--json", where_.json, "print JSON");
    commands_.emplace_back(&command, std::move(action));
    return command;
  }
  CLI::App& add_with_qubes(char const* name, char const* what, char const* example, std::function<int()> action) {
    CLI::App& command = add(name, what, example, std::move(action));
    command.add_option("--system-info", where_.system_info, "JSON as of internal.GetSystemInfo, instead of asking the admin daemon");
    return command;
  }

  void add_lint() {
    CLI::App& lint = add_with_qubes("lint", "Report errors, rules that never decide or open too much, and names that do not exist.",
                                    "lint --json --policy-dir /etc/qubes/policy.d", [this] { return run_lint(where_, lint_); });
    lint.add_option("FILES", lint_.files, "files to check one by one, includes not followed (default: the whole policy)");
  }
  void add_eval() {
    CLI::App& eval = add_with_qubes("eval", "Say how a call would be decided, and by which line.", "eval work untrusted qubes.Filecopy",
                                    [this] { return run_eval(where_, eval_); });
    eval.add_option("SOURCE", eval_.source, "calling qube");
    eval.add_option("TARGET", eval_.target, "requested target; '' for none");
    eval.add_option("SERVICE", eval_.service, "SERVICE or SERVICE+ARGUMENT");
    eval.add_option("--batch", eval_.batch, "file with one JSON request a line; - is standard input");
  }
  void add_explain() {
    CLI::App& explain = add_with_qubes("explain", "Say why a call is decided as it is, and what would follow without the deciding line.",
                                       "explain work vault qubes.Filecopy", [this] { return run_explain(where_, explain_); });
    explain.add_option("SOURCE", explain_.source, "calling qube")->required();
    explain.add_option("TARGET", explain_.target, "requested target; '' for none")->required();
    explain.add_option("SERVICE", explain_.service, "SERVICE or SERVICE+ARGUMENT")->required();
  }
  void add_who() {
    CLI::App& who = add_with_qubes("who", "List who can reach a qube, or what a qube can do.", "who --to vault",
                                   [this] { return run_who(where_, who_); });
    who.add_option("--to", who_.to, "only ways that end in this qube");
    who.add_option("--from", who_.from, "only ways that begin in this qube");
    who.add_option("--service", who_.service, "only this SERVICE or SERVICE+ARGUMENT");
    who.add_flag("--without-ask", who_.without_ask, "only what passes without a question");
  }
  void add_graph() {
    CLI::App& graph = add_with_qubes("graph", "Draw who may call whom: Graphviz text, or an SVG picture.", "graph --include-ask | dot -Tpng -o policy.png",
                                     [this] { return run_graph(where_, graph_); });
    graph.add_option("--source", graph_.sources, "only from this qube; may be repeated")->allow_extra_args(false);
    graph.add_option("--target", graph_.targets, "only to this qube; may be repeated")->allow_extra_args(false);
    graph.add_option("--service", graph_.services, "only this service; may be repeated")->allow_extra_args(false);
    graph.add_option("--format", graph_.format, "dot or svg")->check(CLI::IsMember({"dot", "svg"}));
    graph.add_option("-o,--output", graph_.output, "file to write (default: standard output)");
    graph.add_flag("--include-ask", graph_.include_ask, "draw ways that need a question too, dashed");
    graph.add_flag("--skip-labels", graph_.skip_labels, "no names of services");
  }
  void add_test() {
    CLI::App& test = add_with_qubes("test", "Hold the policy to files of expectations: lines 'SOURCE -> TARGET SERVICE allow|ask|deny'.",
                                    "test policy.expect --policy-dir policy.d --system-info qubes.json", [this] { return run_test(where_, test_); });
    test.add_option("FILES", test_.files, "files of expectations")->required();
  }
  void add_diff() {
    CLI::App& diff = add_with_qubes("diff", "List the calls that another policy decides differently.",
                                    "diff --policy-dir /etc/qubes/policy.d --with my-policy.d", [this] { return run_diff(where_, diff_); });
    diff.add_option("--with", diff_.with, "folder of the other policy; may be repeated")->required()->allow_extra_args(false);
    diff.add_option("--with-legacy-dir", diff_.with_legacy, "what !compat-4.0 reads there");
    diff.add_option("--source", diff_.source, "only this calling qube");
    diff.add_option("--service", diff_.service, "only this SERVICE or SERVICE+ARGUMENT");
  }
  void add_store() {
    auto const through = [this](CLI::App& command) {
      command.add_flag("--through-qrexec", store_.through_qrexec, "call dom0's policy.* services: for use in a qube");
    };
    CLI::App& list = add("list", "List policy files.", "list", [this] { return run_list(where_, store_); });
    list.add_flag("--include", store_.include, "the files of include/ instead");
    through(list);
    CLI::App& get = add("get", "Print a policy file.", "get 30-user", [this] { return run_get(where_, store_); });
    CLI::App& replace = add("replace", "Replace or make a policy file from standard input, if all of the policy loads with it.",
                            "replace 30-user < new.policy", [this] { return run_replace(where_, store_); });
    CLI::App& remove = add("remove", "Remove a policy file, if the rest loads without it.", "remove 50-old",
                           [this] { return run_remove(where_, store_); });
    for (CLI::App* command : {&get, &replace, &remove}) {
      command->add_option("NAME", store_.name, "NAME without .policy, or include/NAME")->required();
      through(*command);
    }
    for (CLI::App* command : {&replace, &remove}) {
      command->add_option("--token", store_.token, "any, new, or the sha256:... that get --json printed: refuse if it changed since");
    }
  }
  void add_edit() {
    CLI::App& edit = add("edit", "Edit a policy file with $VISUAL or $EDITOR; it is saved only if all of the policy loads.", "edit 30-user",
                         [this] { return run_edit(where_, edit_); });
    edit.add_option("NAME", edit_.name, "NAME without .policy, or include/NAME (default: 30-user)");
    edit.add_flag("--restore", edit_.restore, "go back to what was there before the last edit");
  }

  CLI::App app_;
  std::vector<std::pair<CLI::App*, std::function<int()>>> commands_;
  Where where_;
  LintOptions lint_;
  EvalOptions eval_;
  ExplainOptions explain_;
  WhoOptions who_;
  GraphToolOptions graph_;
  TestOptions test_;
  DiffOptions diff_;
  StoreOptions store_;
  EditOptions edit_;
};

}  // namespace

int main(int argc, char** argv) {
  log::start("qrexec-policy");
  return CommandLine().run(argc, argv);
}
