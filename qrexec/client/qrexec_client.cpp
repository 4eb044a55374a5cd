// qrexec-client: from dom0, runs a command or service in a qube, or answers a qube's request. The wiring; the work is in the libraries.
#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "base/log.h"
#include "qrexec/client/admin_call.h"
#include "qrexec/client/client_options.h"
#include "qrexec/client/daemon_connection.h"
#include "qrexec/client/data_channel.h"
#include "qrexec/client/dom0_service.h"
#include "qrexec/service/lookup.h"
#include "qrexec/stream/call_events.h"
#include "qrexec/stream/caller_loop.h"

namespace bh::qrexec {
namespace {

constexpr std::chrono::seconds kDaemonTime{30};
constexpr std::chrono::hours kLongestCall{24 * 365};
constexpr std::chrono::seconds kKillTime{60};
constexpr int kAnswerFailed = 137;

int problem(std::string const& message) {
  log::error(message);
  return kExitProblem;
}

// The target VM serves another VM's request.
int answer_from_vm(ClientOptions const& options) {
  AnswerRequest const& request = *options.answer;
  auto const answered = [&]() -> Result<void> {
    BH_TRY(target, DaemonConnection::open(options.socket_folder, options.target, Clock::now() + kDaemonTime));
    Exec const exec{ExecMode::with_streams, {request.source, vchan::Port(0)}, options.command};
    BH_TRY(address, target.run(exec, Clock::now() + kDaemonTime));
    BH_TRY(source, DaemonConnection::open(options.socket_folder, std::to_string(request.source.value()), Clock::now() + kDaemonTime));
    BH_CHECK(source.connect(ServiceConnect{address, request.ident}, Clock::now() + kDaemonTime));
    if (options.wait_for_end) BH_CHECK(target.wait_for_end(Clock::now() + kLongestCall));
    return {};
  }();
  if (answered) return 0;
  log::error(answered.error().message);
  return kAnswerFailed;
}

Result<LocalEnd> local_end(ClientOptions const& options) {
  LocalEnd local;
  if (options.just_exec) return local;
  if (options.local_program) {
    // -l is a line for dom0's own shell, from dom0's own user (qrexec.md 10.2).
    SpawnOptions program;
    program.argv = {"/bin/bash", "-c", *options.local_program};
    program.environment = {{"QREXEC_AGENT_PID", std::to_string(::getpid())}};
    BH_TRY(streams, program_streams(std::move(program)));
    local = std::move(streams);
  } else {
    BH_TRY(streams, own_streams(options.socket_stdin));
    local = std::move(streams);
  }
  local.prefix = options.prefix;
  if (options.filter_output) local.output.filter_for_terminal();
  if (options.filter_errors) local.errors.filter_for_terminal();
  return local;
}

int call_vm(ClientOptions const& options) {
  auto const place = VchanPlace::of_dom0();
  if (!place) return problem(place.error().message);
  auto daemon = DaemonConnection::open(options.socket_folder, options.target, Clock::now() + kDaemonTime);
  if (!daemon) return problem(daemon.error().message);
  ExecMode const mode = options.just_exec ? ExecMode::just_exec : ExecMode::with_streams;
  auto const address = daemon->run(Exec{mode, {kDom0, vchan::Port(0)}, options.command}, Clock::now() + kDaemonTime);
  if (!address) return problem(options.target + ": " + address.error().message);
  auto const limit = options.connect_time.count() == 0 ? std::chrono::seconds(kLongestCall) : options.connect_time;
  auto channel = await_service(*place, *address, Clock::now() + limit);
  if (!channel) return problem("no connection from " + options.target + ": " + channel.error().message);
  auto const request = open_socket_request_signal();
  if (!request) return problem(request.error().message);
  auto local = local_end(options);
  if (!local) return problem(local.error().message);
  CallResult const result = run_call(channel->stream, *local, channel->version, *request);
  if (!result.remote) log::error("connection to " + options.target + " lost before the command's end");
  // The remote code alone counts here: a local program may end as it likes.
  int const code = result.remote.value_or(255);
  return options.ignore_exit_code && result.remote ? 0 : code;
}

// The admin daemon knows qubes by name; the daemon's socket has links by name, and one by UUID, to its number. Unchanged where none fits.
std::string name_of(std::filesystem::path const& folder, std::string const& target) {
  std::error_code failed;
  auto const file = folder / ("qrexec." + target);
  std::filesystem::path const number = std::filesystem::is_symlink(file, failed) ? std::filesystem::read_symlink(file, failed) : file.filename();
  for (auto const& entry : std::filesystem::directory_iterator(folder, failed)) {
    std::string const name = entry.path().filename().string();
    std::error_code unread;
    if (!name.starts_with("qrexec.") || name.starts_with("qrexec.uuid:") || !entry.is_symlink(unread)) continue;
    if (std::filesystem::read_symlink(entry.path(), unread) == number) return name.substr(7);
  }
  return target;
}

}  // namespace
}  // namespace bh::qrexec

int main(int argc, char** argv) {
  using namespace bh::qrexec;
  bh::log::start("qrexec-client");
  ::signal(SIGPIPE, SIG_IGN);  // a reader of our output that leaves must not hide the exit code
  bh::Paths const paths = bh::Paths::from_environment();
  auto const parsed = parse_client_options(argc, argv, paths);
  if (auto const* code = std::get_if<int>(&parsed)) return *code;
  auto const& options = std::get<ClientOptions>(parsed);
  // Before the call: with the qube its socket goes as well.
  std::string const to_kill = options.kill_at_end && !options.to_dom0() ? name_of(options.socket_folder, options.target) : std::string();
  int const code = options.to_dom0() ? (options.answer ? serve_request_in_dom0(options) : run_in_dom0(options))
                   : options.answer  ? answer_from_vm(options)
                                     : call_vm(options);
  if (!to_kill.empty()) {
    auto const killed = admin_call(paths.admin_socket(), {"admin.vm.Kill"}, to_kill, bh::Clock::now() + kKillTime);
    if (!killed) bh::log::error("cannot kill " + to_kill + ": " + killed.error().message);
  }
  return code;
}
