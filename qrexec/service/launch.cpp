#include "qrexec/service/launch.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/log.h"
#include "base/paths.h"
#include "qrexec/service/account.h"
#include "qrexec/service/connect_service.h"

extern char** environ;

namespace bh::qrexec {

namespace {

constexpr std::chrono::seconds kConnectTime{30};

Failure<ServiceFailure> problem(std::string message) { return Failure{ServiceFailure{kExitProblem, std::move(message)}}; }

std::string variable_or(char const* name, std::string fallback) {
  char const* const value = std::getenv(name);
  return value != nullptr ? value : std::move(fallback);
}

// Both ends of a child's standard streams: ours to keep, theirs to hand over. stdin is a socket, so that a child may ask to use it both ways;
// the others are pipes, because programs open /dev/stdout and /dev/stderr, which a socket does not allow (conformance.md 1).
struct Streams {
  FdPair input, output;
  std::optional<FdPair> errors;
};

// As much as fits without asking for more than any user may have: a pipe's usual 64 KiB is one frame.
constexpr int kPipeSize = 256 * 1024;

Result<Streams> make_streams(bool with_errors) {
  Streams streams;
  BH_TRY(input, make_socket_pair());
  BH_TRY(output, make_pipe());
  streams.input = std::move(input);
  (void)::fcntl(output.second.borrow(), F_SETPIPE_SZ, kPipeSize);
  streams.output = std::move(output);
  if (with_errors) {
    BH_TRY(errors, make_pipe());
    streams.errors = std::move(errors);
  }
  return streams;
}

// A shell runs the line as dom0 wrote it: that is what a command without QUBESRPC means (qrexec.md 10). A VM cannot send one.
std::vector<std::string> argv_of(ServicePlace const& place, LaunchPlan const& plan, Account const* account) {
  if (auto const* shell = std::get_if<ShellLine>(&plan.what)) {
    if (account != nullptr) return {account->shell, "-lc", shell->line};
    return {place.place == Place::dom0 ? "/bin/bash" : "/bin/sh", "-c", shell->line};
  }
  std::string const program = std::get<ExecutableService>(plan.what).path.string();
  std::vector<std::string> argv;
  // The login shell gets program and argument as words of their own; no text of the call becomes shell code.
  if (account != nullptr) argv = {"/bin/sh", "-lc", "exec \"$0\" \"$@\""};
  argv.push_back(program);
  auto const& call = std::get<ServiceCall>(plan.command.what);
  if (call.argument && !call.argument->empty()) argv.push_back(*call.argument);
  return argv;
}

void append(EnvironmentChanges& changes, EnvironmentChanges more) {
  for (auto& change : more) {
    // Later ones win; a name must not be set twice.
    std::erase_if(changes, [&](auto const& old) { return old.first == change.first; });
    changes.push_back(std::move(change));
  }
}

Result<RunningService, ServiceFailure> start_program(ServicePlace const& place, LaunchPlan const& plan, Stdio stdio) {
  RunningService running;
  SpawnOptions options;
  std::optional<Account> account;
  append(options.environment, without_leftovers(environ));
  if (place.switches_users) {
    auto found = find_account(plan.user);
    if (!found) return problem(found.error().message);
    account = *std::move(found);
    auto session = LoginSession::open(plan.user);
    if (!session) return problem(session.error().message);
    append(options.environment, of_login(*account));
    append(options.environment, session->environment());
    running.session = *std::move(session);
    options.run_as = account->identity;
    options.working_directory = ::access(account->home.c_str(), X_OK) == 0 ? account->home : "/";
    options.new_session = true;
  }
  if (auto const* call = std::get_if<ServiceCall>(&plan.command.what)) append(options.environment, of_service_call(*call));
  if (place.place == Place::guest) append(options.environment, {{"QREXEC_AGENT_PID", std::to_string(::getpid())}});
  options.argv = argv_of(place, plan, account ? &*account : nullptr);

  std::optional<Streams> streams;
  UniqueFd own[3];
  if (stdio == Stdio::streams_and_stderr || stdio == Stdio::streams) {
    auto made = make_streams(stdio == Stdio::streams_and_stderr);
    if (!made) return problem(made.error().message);
    streams = *std::move(made);
    // /dev/stdout is opened with the rights of whoever opens it, and so must be the user's own.
    for (UniqueFd const* end : {&streams->output.second, streams->errors ? &streams->errors->second : nullptr}) {
      if (end != nullptr && options.run_as && ::fchown(end->borrow(), options.run_as->uid, options.run_as->gid) != 0) {
        return problem(Error::from_errno("give the service its streams").message);
      }
    }
    options.fds = {{&streams->input.second, 0}, {&streams->output.second, 1}};
    if (streams->errors) options.fds.emplace_back(&streams->errors->second, 2);
  } else if (stdio == Stdio::inherited) {
    for (int number = 0; number < 3; ++number) {
      own[number] = UniqueFd(::dup(number));
      if (own[number].open()) options.fds.emplace_back(&own[number], number);
    }
  }
  auto child = ChildProcess::spawn(options);
  if (!child) {
    int const code = child.error().errno_value == ENOENT ? kExitNotFound : kExitProblem;
    return Failure{ServiceFailure{code, child.error().message}};
  }
  running.child = *std::move(child);
  if (streams) {
    running.input = std::make_shared<UniqueFd>(std::move(streams->input.first));
    running.output = std::make_shared<UniqueFd>(std::move(streams->output.first));
    if (streams->errors) running.errors = std::make_shared<UniqueFd>(std::move(streams->errors->first));
  }
  return running;
}

Result<RunningService, ServiceFailure> start_socket(Result<UniqueFd> connected, LaunchPlan const& plan, Stdio stdio) {
  if (!connected) return problem(connected.error().message);
  auto const& call = std::get<ServiceCall>(plan.command.what);
  RunningService running;
  if (!plan.config.skip_service_descriptor) running.preamble = call.header + '\0';
  if (stdio == Stdio::none) {
    auto const sent = write_all(*connected, as_bytes(running.preamble));
    if (!sent) return problem("cannot send the service's header: " + sent.error().message);
    return running;
  }
  running.input = std::make_shared<UniqueFd>(*std::move(connected));
  running.output = running.input;
  return running;
}

// Which user runs it; an error where that cannot be.
Result<std::string, ServiceFailure> user_of(ServicePlace const& place, LaunchPlan const& plan) {
  if (place.place == Place::dom0) return std::string();
  std::string const user = plan.config.force_user.value_or(plan.command.user);
  if (place.switches_users) return user;
  auto const self = own_account();
  if (!self) return problem(self.error().message);
  if (self->name != user) return problem("asked to run as " + user + ", but this agent runs as " + self->name + " and not as root");
  return user;
}

}  // namespace

ServicePlace ServicePlace::from_environment(Place place) {
  std::string services = "/run/qubes-rpc:/usr/local/etc/qubes-rpc:/etc/qubes-rpc";
  std::string configs = "/run/qubes/rpc-config:/usr/local/etc/qubes/rpc-config:/etc/qubes/rpc-config";
  if (place == Place::dom0) {
    auto const folder = Paths::from_environment().dom0_services();
    services = folder.string();
    configs = (folder.parent_path() / "qubes" / "rpc-config").string();
  }
  bool const switches = place == Place::guest && ::geteuid() == 0 && std::getenv("QREXEC_NO_ROOT") == nullptr;
  return ServicePlace{place, switches, split_folders(variable_or("QREXEC_SERVICE_PATH", services)),
                      split_folders(variable_or("QUBES_RPC_CONFIG_PATH", configs))};
}

Result<LaunchPlan, ServiceFailure> plan_launch(ServicePlace const& place, Command command) {
  LaunchPlan plan{std::move(command), ShellLine{}, {}, {}};
  if (auto const* shell = std::get_if<ShellLine>(&plan.command.what)) {
    plan.what = *shell;
  } else {
    auto const& call = std::get<ServiceCall>(plan.command.what);
    BH_TRY(config, load_service_config(place.configs, call));
    BH_TRY(found, find_service(place.services, call));
    plan.config = std::move(config);
    std::visit([&](auto const& kind) { plan.what = kind; }, found);
    if (std::holds_alternative<ExecutableService>(found) &&
        (plan.config.skip_service_descriptor || plan.config.exit_on_client_eof || plan.config.exit_on_service_eof)) {
      log::warning("service " + call.name + " is a program: the configuration keys of socket services are ignored");
    }
  }
  BH_TRY(user, user_of(place, plan));
  plan.user = std::move(user);
  return plan;
}

bool needs_session(LaunchPlan const& plan) {
  return std::holds_alternative<ServiceCall>(plan.command.what) && !plan.command.nogui && plan.config.wait_for_session;
}

Result<RunningService, ServiceFailure> launch(ServicePlace const& place, LaunchPlan const& plan, Stdio stdio) {
  Deadline const deadline = Clock::now() + kConnectTime;
  if (auto const* socket = std::get_if<SocketService>(&plan.what)) return start_socket(connect_service(*socket, deadline), plan, stdio);
  if (auto const* tcp = std::get_if<TcpTarget>(&plan.what)) return start_socket(connect_service(*tcp, deadline), plan, stdio);
  return start_program(place, plan, stdio);
}

}  // namespace bh::qrexec
