#include "qrexec/agent/call_handler.h"

#include "base/display_text.h"
#include "base/log.h"
#include "hypervisor/vchan/client.h"
#include "qrexec/agent/agent_line.h"
#include "qrexec/service/wait_for_session.h"
#include "qrexec/stream/call_events.h"
#include "qrexec/stream/handshake.h"
#include "qrexec/stream/service_loop.h"

namespace bh::qrexec {

namespace {

constexpr std::chrono::seconds kConnectTime{120};

struct Caller {
  FramedStream stream;
  std::uint32_t version;
};

Result<Caller> meet_caller(VchanPlace const& place, CallAddress const& address) {
  Deadline const deadline = Clock::now() + kConnectTime;
  BH_TRY(socket, vchan::connect(place.folder, {address.domain, place.own, address.port}, deadline));
  BH_TRY(stream, FramedStream::over(std::move(socket), Direction::caller_to_service));
  BH_TRY(version, shake_hands(stream, HelloTerms{HelloOrder::send_first}, deadline));
  return Caller{std::move(stream), version};
}

struct Started {
  LaunchPlan plan;
  RunningService service;
};

// False: the caller left.
bool session_first(ServicePlace const& place, LaunchPlan const& plan, UniqueFd const& caller, UniqueFd const& agent) {
  if (!needs_session(plan)) return true;
  Turn const turn = wait_for_turn(agent, plan.user, caller);
  if (turn != Turn::lead) return turn == Turn::go_on;
  if (!wait_for_session(place, plan, caller)) return false;
  tell_session_is_there(agent);
  return true;
}

Result<Started, ServiceFailure> start(Exec const& exec, UniqueFd const& caller, UniqueFd const& agent) {
  ServicePlace const place = ServicePlace::from_environment(Place::guest);
  auto command = parse_vm_command(exec.command);
  if (!command) return Failure{ServiceFailure{kExitProblem, to_string(command.error())}};
  BH_TRY(plan, plan_launch(place, *std::move(command)));
  if (!session_first(place, plan, caller, agent)) return Failure{ServiceFailure{kExitProblem, "the caller left"}};
  BH_TRY(service, launch(place, plan, exec.mode == ExecMode::just_exec ? Stdio::none : Stdio::streams_and_stderr));
  return Started{std::move(plan), std::move(service)};
}

}  // namespace

int handle_call(VchanPlace const& place, Exec const& exec, UniqueFd alive) {
  bool const with_streams = exec.mode == ExecMode::with_streams;
  auto caller = meet_caller(place, exec.other_end);
  if (!caller) {
    log::error("call from domain " + std::to_string(exec.other_end.domain.value()) + ": " + caller.error().message);
    return 1;
  }
  auto const request = open_socket_request_signal();
  if (!request) {
    log::error(request.error().message);
    report_failure(caller->stream, kExitProblem, with_streams);
    return 1;
  }
  auto started = start(exec, caller->stream.fd(), alive);
  if (!started) {
    log::warning("call not started: " + for_display(started.error().message));
    report_failure(caller->stream, started.error().code, with_streams);
    return 0;
  }
  RunningService& service = started->service;
  Served served = Served::complete;
  if (with_streams) {
    ServiceConfig const& config = started->plan.config;
    ServeOptions const options{caller->version, config.exit_on_client_eof, config.exit_on_service_eof};
    served = serve(caller->stream, service, options, *request);
  } else {
    report_failure(caller->stream, 0, false);
  }
  // The connection is over; the program, and the login session around it, may live on.
  caller = Failure{Error{"closed", 0}};
  alive.reset();
  if (service.child && (service.session || !with_streams)) (void)service.child->wait(Deadline::max());
  return served == Served::protocol_error ? 1 : 0;
}

}  // namespace bh::qrexec
