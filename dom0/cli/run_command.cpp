#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/child_process.h"
#include "base/log.h"
#include "base/posix_io.h"
#include "dom0/cli/commands.h"
#include "dom0/cli/output.h"

namespace bh::cli {

namespace {

// `run` may not answer with 1 or 3: those could be the command's own status.
int problem(admin::Exception const& exception) {
  (void)report(exception);
  return kRunProblem;
}

std::optional<admin::Exception> make_running(Session const& session, RunOptions const& options) {
  auto const state = session.client.call({.method = "admin.vm.CurrentState", .destination = options.qube});
  if (!state) return state.error();
  std::string const power = admin::parse_pairs(*state, ' ')["power_state"];
  if (power == "Running") return std::nullopt;
  if (power == "Paused") return admin::Exception{"QubesVMNotRunningError", options.qube + " is paused; bulkhead unpause " + options.qube};
  if (power == "Halted" && !options.autostart) return admin::Exception{"QubesVMNotRunningError", options.qube + " is not running and --no-autostart was given"};
  return start_qubes(session, {options.qube}) == kOk ? std::nullopt : std::optional(admin::Exception{"QubesVMError", options.qube + " did not start, so nothing was run"});
}

// A new disposable, its name in `options.qube`.
std::optional<admin::Exception> make_disposable(Session const& session, RunOptions& options) {
  bool const by_default = options.disposable_of == kDefaultDisposable;
  auto const name = session.client.call({.method = "admin.vm.CreateDisposable", .destination = by_default ? "dom0" : options.disposable_of});
  if (!name) return name.error();
  options.qube = *name;
  if (start_qubes(session, {options.qube}) == kOk) return std::nullopt;
  // One that came up far enough to fail is gone already.
  (void)session.client.call({.method = "admin.vm.Remove", .destination = options.qube});
  return admin::Exception{"QubesVMError", "the disposable did not start, so nothing was run"};
}

volatile pid_t g_running = 0;

void pass_on(int number) {
  if (g_running > 0) ::kill(g_running, number);
}

// Runs the client and ends the disposable after it, also when we are told to stop.
int run_and_kill(Session const& session, RunOptions const& options, std::vector<std::string> argv) {
  std::array<UniqueFd, 3> own;
  SpawnOptions child;
  for (int number = 0; number < 3; ++number) {
    own.at(static_cast<std::size_t>(number)) = UniqueFd(::fcntl(number, F_DUPFD_CLOEXEC, 3));
    child.fds.emplace_back(&own.at(static_cast<std::size_t>(number)), number);
  }
  child.argv = std::move(argv);
  auto process = ChildProcess::spawn(child);
  int code = kRunProblem;
  if (process) {
    g_running = process->pid();
    for (int const number : {SIGINT, SIGTERM, SIGHUP}) ::signal(number, pass_on);
    auto const status = process->wait(Deadline::max());
    if (status && *status) code = (*status)->code;
  } else {
    print_error(process.error().message);
  }
  auto const killed = session.client.call({.method = "admin.vm.Kill", .destination = options.qube}, std::chrono::seconds(30));
  // A command may have shut its qube down itself.
  bool const gone = !killed && (killed.error().type == "QubesVMNotFoundError" || killed.error().type == "QubesVMNotStartedError");
  if (!killed && !gone) (void)report(killed.error());
  return code;
}

void put_dev_null(int fd_number, int flags) {
  auto const null = open_file("/dev/null", flags);
  if (null) ::dup2(null->borrow(), fd_number);
}

}  // namespace

std::string encode_vmexec(std::vector<std::string> const& command) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (auto const& argument : command) {
    if (&argument != &command.front()) encoded += '+';
    for (char const c : argument) {
      bool const plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
      if (plain) {
        encoded += c;
      } else if (c == '-') {
        encoded += "--";
      } else {
        auto const byte = static_cast<unsigned char>(c);
        encoded += {'-', kDigits[byte >> 4U], kDigits[byte & 0x0FU]};
      }
    }
  }
  return encoded;
}

int run_in_qube(Session const& session, RunOptions const& given) {
  RunOptions options = given;
  if (options.command.empty()) {
    print_error("nothing to run; say for instance: bulkhead run " + (options.qube.empty() ? "--dispvm" : options.qube) + " -- ls -l");
    return kUsage;
  }
  bool const disposable = !options.disposable_of.empty();
  if (auto const failed = disposable ? make_disposable(session, options) : make_running(session, options)) return problem(*failed);

  std::string service;
  std::string prefix;
  switch (options.kind) {
    case RunOptions::Kind::program: service = (options.gui ? "qubes.VMExecGUI+" : "qubes.VMExec+") + encode_vmexec(options.command); break;
    case RunOptions::Kind::service: service = options.command.front(); break;
    case RunOptions::Kind::shell:
      service = "qubes.VMShell";
      for (auto const& word : options.command) prefix += (prefix.empty() ? "" : " ") + word;
      prefix += "; exit\n";
      break;
  }
  if (service.find('+') == std::string::npos) service += '+';
  std::vector<std::string> argv{(session.programs / "qrexec-client").string(), "--socket-dir=" + session.paths.qrexec_sockets().string(), "-d", options.qube};
  if (options.filter_stdout) argv.emplace_back("-t");
  if (options.filter_stderr) argv.emplace_back("-T");
  if (!prefix.empty()) argv.push_back("--prefix-data=" + prefix);
  argv.push_back(options.user + ":QUBESRPC " + service + " dom0");

  if (!options.pass_io) {
    put_dev_null(STDIN_FILENO, O_RDONLY);
    put_dev_null(STDOUT_FILENO, O_WRONLY);
    put_dev_null(STDERR_FILENO, O_WRONLY);
  }
  ::setenv("VCHAN_DOMAIN", "0", 1);
  ::setenv("VCHAN_SOCKET_DIR", session.paths.vchan_sockets().c_str(), 1);
  if (disposable) return run_and_kill(session, options, std::move(argv));
  std::vector<char*> pointers;
  for (auto& argument : argv) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  ::execv(pointers[0], pointers.data());
  print_error("cannot run " + argv[0] + ": " + std::strerror(errno));
  return kRunProblem;
}

}  // namespace bh::cli
