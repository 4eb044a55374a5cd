#include "qrexec/client/dom0_service.h"

#include "base/log.h"
#include "hypervisor/vchan/client.h"
#include "qrexec/client/daemon_connection.h"
#include "qrexec/protocol/data_codec.h"
#include "qrexec/service/wait_for_session.h"
#include "qrexec/stream/call_events.h"
#include "qrexec/stream/handshake.h"
#include "qrexec/stream/service_loop.h"
#include "qrexec/stream/vchan_place.h"

namespace bh::qrexec {

namespace {

constexpr std::chrono::seconds kDaemonTime{10};
constexpr std::chrono::seconds kCallerTime{5};

int problem(std::string const& message) {
  log::error(message);
  return kExitProblem;
}

struct Caller {
  FramedStream stream;
  std::uint32_t version;
};

Result<Caller> meet_caller(ClientOptions const& options) {
  BH_TRY(place, VchanPlace::of_dom0());
  BH_TRY(daemon, DaemonConnection::open(options.socket_folder, std::to_string(options.answer->source.value()),
                                        Clock::now() + kDaemonTime));
  BH_TRY(address, daemon.serve_here(options.answer->ident, Clock::now() + kDaemonTime));
  Deadline const deadline = Clock::now() + kCallerTime;
  BH_TRY(socket, vchan::connect(place.folder, {address.domain, place.own, address.port}, deadline));
  BH_TRY(stream, FramedStream::over(std::move(socket), Direction::caller_to_service));
  BH_TRY(version, shake_hands(stream, HelloTerms{HelloOrder::read_first}, deadline));
  return Caller{std::move(stream), version};
}

Result<RunningService, ServiceFailure> start(ClientOptions const& options, FramedStream const& caller, ServiceConfig& config) {
  ServicePlace const place = ServicePlace::from_environment(Place::dom0);
  auto command = parse_dom0_command(options.command);
  if (!command) return Failure{ServiceFailure{kExitProblem, to_string(command.error())}};
  BH_TRY(plan, plan_launch(place, *std::move(command)));
  config = plan.config;
  if (!wait_for_session(place, plan, caller.fd())) return Failure{ServiceFailure{kExitProblem, "the caller left"}};
  return launch(place, plan, Stdio::streams);
}

}  // namespace

int serve_request_in_dom0(ClientOptions const& options) {
  auto caller = meet_caller(options);
  if (!caller) return problem("request of " + options.answer->source_name + ": " + caller.error().message);
  auto const request = open_socket_request_signal();
  if (!request) return problem(request.error().message);
  ServiceConfig config;
  auto service = start(options, caller->stream, config);
  if (!service) {
    log::warning("request of " + options.answer->source_name + ": " + service.error().message);
    caller->stream.queue_frame(MessageType::data_stderr, {});
    caller->stream.queue_frame(MessageType::data_stdout, {});
    report_failure(caller->stream, service.error().code, false);
    return 0;
  }
  ServeOptions const serving{caller->version, config.exit_on_client_eof, config.exit_on_service_eof};
  return serve(caller->stream, *service, serving, *request) == Served::protocol_error ? kExitProblem : 0;
}

int run_in_dom0(ClientOptions const& options) {
  ServicePlace const place = ServicePlace::from_environment(Place::dom0);
  auto command = parse_dom0_command(options.command);
  if (!command) return problem(to_string(command.error()));
  if (!std::holds_alternative<ServiceCall>(command->what) || !options.command.starts_with("DEFAULT:")) {
    return problem("in dom0 only services are run: the command must begin with DEFAULT:QUBESRPC");
  }
  auto const plan = plan_launch(place, *std::move(command));
  if (!plan) {
    log::error(plan.error().message);
    return plan.error().code;
  }
  if (!std::holds_alternative<ExecutableService>(plan->what)) return problem("socket services cannot be called from dom0 itself");
  UniqueFd const nobody;
  (void)wait_for_session(place, *plan, nobody);
  auto service = launch(place, *plan, options.just_exec ? Stdio::none : Stdio::inherited);
  if (!service) {
    log::error(service.error().message);
    return service.error().code;
  }
  if (options.just_exec) return 0;
  auto const status = service->child->wait(Deadline::max());
  if (!status || !*status) return problem("the service's end was missed");
  return (*status)->code;
}

}  // namespace bh::qrexec
