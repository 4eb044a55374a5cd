// qrexec-client-vm: inside a qube, calls a service. Asks the agent, waits for dom0's decision, then is one end of the data channel.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/log.h"
#include "base/unix_socket.h"
#include "qrexec/client/client_vm_options.h"
#include "qrexec/client/data_channel.h"
#include "qrexec/service/lookup.h"
#include "qrexec/stream/call_events.h"
#include "qrexec/stream/caller_loop.h"

namespace bh::qrexec {
namespace {

// A person may be asked, and a qube may have to be started first.
constexpr std::chrono::hours kDecisionTime{1};
constexpr std::chrono::seconds kConnectTime{120};

int problem(std::string const& message, int code) {
  log::error(message);
  return code;
}

// nullopt: refused.
Result<std::optional<CallAddress>> ask_agent(UniqueFd const& agent, ByteSpan request) {
  std::byte answer[8];
  std::span<std::byte> rest(answer);
  // An agent that closes while we still write has refused as well.
  if (!write_all(agent, request)) return std::optional<CallAddress>{};
  Deadline const deadline = Clock::now() + kDecisionTime;
  while (!rest.empty()) {
    BH_TRY(ready, wait_for(agent, POLLIN, deadline));
    if (!ready) return Failure{Error{"no decision from dom0", ETIMEDOUT}};
    auto const got = read_some(agent, rest);
    // The agent only ever closes to refuse; a reset is the same, seen when it left our request unread.
    if (!got || *got == 0) return std::optional<CallAddress>{};
    rest = rest.subspan(*got);
  }
  auto const address = decode_meeting_point(answer);
  if (!address) return Failure{Error{to_string(address.error()), EPROTO}};
  return std::optional(*address);
}

Result<LocalEnd> start_program(ClientVmOptions const& options) {
  SpawnOptions spawn;
  spawn.argv = options.program;
  // A path, never looked up: the caller says exactly what runs.
  spawn.program = spawn.argv[0].find('/') == std::string::npos ? "./" + spawn.argv[0] : spawn.argv[0];
  spawn.argv[0] = std::filesystem::path(spawn.argv[0]).filename().string();
  spawn.environment = {{"QREXEC_AGENT_PID", std::to_string(::getpid())}};
  UniqueFd copies[3];
  int const last = std::getenv("PASS_LOCAL_STDERR") != nullptr ? 2 : 1;
  for (int number = 0; number <= last; ++number) {
    copies[number] = UniqueFd(::dup(number));
    if (!copies[number].open()) continue;
    int const there = 10 + number;
    spawn.fds.emplace_back(&copies[number], there);
    spawn.environment.emplace_back("SAVED_FD_" + std::to_string(number), std::to_string(there));
  }
  return program_streams(std::move(spawn));
}

int call(ClientVmOptions const& options) {
  auto const request = encode_local_request(options.request);
  if (!request) return problem(to_string(request.error()), 2);
  auto const place = VchanPlace::of_guest();
  if (!place) return problem(place.error().message, 1);
  auto const agent = connect_unix(options.agent_socket);
  if (!agent) return problem("cannot reach the qrexec agent of this qube: " + agent.error().message, 1);
  auto const address = ask_agent(*agent, *request);
  if (!address) return problem(address.error().message, 1);
  if (!*address) {
    std::fputs("Request refused\n", stderr);
    return kExitRefused;
  }
  auto channel = await_service(*place, **address, Clock::now() + kConnectTime);
  if (!channel) return problem("the service's side did not connect: " + channel.error().message, 1);
  auto const signal = open_socket_request_signal();
  if (!signal) return problem(signal.error().message, 1);
  auto local = options.program.empty() ? own_streams(options.socket_stdin) : start_program(options);
  if (!local) return problem(local.error().message, local.error().errno_value == ENOENT ? kExitNotFound : kExitProblem);
  local->prefix = options.prefix;
  if (options.filter_output) local->output.filter_for_terminal();
  if (options.filter_errors) local->errors.filter_for_terminal();
  int const code = exit_code_of(run_call(channel->stream, *local, channel->version, *signal));
  if (code == 255) log::error("connection to the service lost");
  return code;
}

}  // namespace
}  // namespace bh::qrexec

int main(int argc, char** argv) {
  bh::log::start("qrexec-client-vm");
  ::signal(SIGPIPE, SIG_IGN);  // a reader of our output that leaves must not hide the exit code
  auto const parsed = bh::qrexec::parse_client_vm_options(argc, argv);
  if (auto const* code = std::get_if<int>(&parsed)) return *code;
  return bh::qrexec::call(std::get<bh::qrexec::ClientVmOptions>(parsed));
}
