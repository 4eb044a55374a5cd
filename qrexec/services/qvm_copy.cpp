// qvm-copy, qvm-move, qvm-copy-to-vm, qvm-move-to-vm: copies or moves files to another qube, by a call to qubes.Filecopy.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "base/child_process.h"
#include "base/paths.h"
#include "qrexec/services/copy_command.h"
#include "qrexec/services/tree_check.h"

namespace {

using namespace bh;
using namespace bh::qfile;

constexpr int kFailed = 1;
constexpr int kUsage = 2;

struct Arguments {
  CopyCall call;
  bool moves = false;
  bool with_progress = false;
  bool without_progress = false;
};

int fail(int code, std::string const& message) {
  std::cerr << message << "\n";
  return code;
}

// Beside us in a build tree; apart once installed.
std::string find_program(std::string const& name, std::string const& otherwise) {
  auto const beside = own_program_folder() / name;
  return ::access(beside.c_str(), X_OK) == 0 ? beside.string() : otherwise;
}

Result<int> run_call(Arguments const& arguments, TreeFacts const& facts) {
  UniqueFd const standard[] = {UniqueFd(::dup(STDIN_FILENO)), UniqueFd(::dup(STDOUT_FILENO)), UniqueFd(::dup(STDERR_FILENO))};
  bool const progress = arguments.with_progress || (!arguments.without_progress && ::isatty(STDERR_FILENO) == 1);
  SpawnOptions options;
  options.argv = call_arguments(arguments.call);
  for (int number = 0; number < 3; ++number) {
    if (standard[number].open()) options.fds.emplace_back(&standard[number], number);
  }
  options.environment = {{"PROGRESS_TYPE", progress ? "console" : "none"}, {"FILECOPY_TOTAL_BYTES", std::to_string(facts.bytes)}};
  BH_TRY(child, ChildProcess::spawn(options));
  // As long as the copy takes: the sender has its own limits for a peer that stands still.
  for (;;) {
    BH_TRY(status, child.wait(Clock::now() + std::chrono::hours(1)));
    if (status) return status->code;
  }
}

int remove_sources(std::vector<std::string> const& files) {
  int code = 0;
  for (std::string path : files) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    std::error_code error;
    std::filesystem::remove_all(path, error);  // does not follow links
    if (error) code = fail(kFailed, "copied, but cannot remove " + path + ": " + error.message());
  }
  return code;
}

int run(Arguments& arguments) {
  CopyCall& call = arguments.call;
  if (!valid_target(call.target)) return fail(kUsage, "'" + call.target + "' is not a qube's name");
  call.client = find_program("qrexec-client-vm", "qrexec-client-vm");
  call.sender = find_program("qfile-send", "/usr/lib/bulkhead/qfile-send");
  auto const facts = check_trees(call.files, call.ignore_links);
  if (!facts) return fail(kFailed, facts.error().message);
  for (auto const& name : facts->skipped) std::cerr << "not sent (no file or folder): " << name << "\n";
  if (arguments.moves && !facts->skipped.empty()) {
    return fail(kFailed, "Moving would delete what cannot be sent; nothing was done. Copy instead, or take those out first.");
  }
  call.all_names = !facts->names_safe;
  auto const code = run_call(arguments, *facts);
  if (!code) return fail(kFailed, code.error().message);
  if (*code != 0) {
    if (auto const more = explain_exit(*code, call.target); !more.empty()) std::cerr << more << "\n";
    if (arguments.moves) std::cerr << "Nothing was removed here.\n";
    return *code;
  }
  return arguments.moves ? remove_sources(call.files) : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CopyKind const kind = copy_kind(argv[0]);
  std::string const name = std::string("qvm-") + (kind.moves ? "move" : "copy") + (kind.names_target ? "-to-vm" : "");
  Arguments arguments;
  arguments.moves = kind.moves;
  arguments.call.target = "@default";
  CLI::App app{kind.moves ? "Moves files and folders to another qube; they are removed here once all of them have arrived."
                          : "Copies files and folders to another qube.", name};
  app.footer("They arrive in ~/QubesIncoming/NAME-OF-THIS-QUBE there; nothing is overwritten. dom0's policy decides whether it may be.\n"
             "Exit codes: 0 done, 126 refused, 2 wrong usage, others: failed, with the reason on stderr.\n"
             "Example: " + name + (kind.names_target ? " vault" : "") + " report.pdf pictures/");
  app.set_version_flag("--version", name + " " BH_VERSION);
  if (kind.names_target) app.add_option("QUBE", arguments.call.target, "the receiving qube")->required();
  app.add_option("FILE", arguments.call.files, "files and folders")->required();
  app.add_flag("--ignore-symlinks,!--no-ignore-symlinks", arguments.call.ignore_links, "send no symbolic links");
  app.add_flag("--with-progress", arguments.with_progress, "show progress even if stderr is no terminal");
  app.add_flag("--without-progress", arguments.without_progress, "show no progress");
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  return run(arguments);
}
