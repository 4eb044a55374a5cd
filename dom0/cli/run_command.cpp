#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstring>

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

int run_in_qube(Session const& session, RunOptions const& options) {
  if (options.command.empty()) {
    print_error("nothing to run; say for instance: bulkhead run " + options.qube + " -- ls -l");
    return kUsage;
  }
  if (auto const failed = make_running(session, options)) return problem(*failed);

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
  std::vector<char*> pointers;
  for (auto& argument : argv) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  ::execv(pointers[0], pointers.data());
  print_error("cannot run " + argv[0] + ": " + std::strerror(errno));
  return kRunProblem;
}

}  // namespace bh::cli
