#include "qrexec/daemon/decision.h"

#include <unistd.h>

#include <cerrno>
#include <thread>
#include <vector>

#include "base/log.h"
#include "qrexec/client/admin_call.h"
#include "qrexec/client/daemon_connection.h"
#include "qrexec/daemon/ask_policy.h"
#include "qrexec/daemon/disposable.h"
#include "qrexec/service/lookup.h"

namespace bh::qrexec {

namespace {

constexpr std::chrono::minutes kStartTime{10};
constexpr std::chrono::seconds kSocketTime{60};
constexpr std::chrono::seconds kDaemonTime{30};

// What was decided, bound to what was asked (R21): the steps below take this and nothing else.
struct Decision {
  DaemonOptions const& options;
  Ident ident;
  PolicyAllow allow;
  std::string service;  // with '+'
  std::string source;   // as the target is told
  [[nodiscard]] std::string says() const { return source + " -> " + allow.target + " " + service; }
};

Result<Decision> bind(DaemonOptions const& options, TriggerRequest const& request, PolicyAllow allow) {
  std::string service = request.service.with_plus();
  if (allow.service) {
    auto const replaced = ServiceDescriptor::sanitise(*allow.service);
    if (!replaced || replaced->text() != *allow.service) return Failure{Error{"the policy's service name is bad", EPROTO}};
    service = replaced->with_plus();
  }
  std::string source = allow.policy_source.value_or(options.name);
  return Decision{options, request.ident, std::move(allow), std::move(service), std::move(source)};
}

int serve_in_dom0(Decision const& decision) {
  std::string const& requested = decision.allow.requested_target;
  bool const keyword = requested.starts_with('@');
  std::string const command = "QUBESRPC " + decision.service + ' ' + decision.source + (keyword ? " keyword " : " name ") +
                              (keyword ? requested.substr(1) : requested);
  std::vector<std::string> words{decision.options.client_program.string(),
                                 "--socket-dir=" + decision.options.socket_folder.string(),
                                 "-d", "dom0",
                                 "-c", decision.ident.text() + ',' + decision.source + ',' +
                                           std::to_string(decision.options.domain.value()),
                                 command};
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(argv[0], argv.data());
  log::error(Error::from_errno("run " + words[0]).message);
  return kExitProblem;
}

// The target's daemon; started first where the policy allows that.
Result<DaemonConnection> reach_target(Decision const& decision) {
  auto const& [user, target, uuid, autostart, requested, service, source] = decision.allow;
  auto const& folder = decision.options.socket_folder;
  auto const open = [&]() {
    if (uuid) {
      auto by_uuid = DaemonConnection::open(folder, *uuid, Clock::now() + kDaemonTime);
      if (by_uuid || by_uuid.error().errno_value != ENOENT) return by_uuid;
    }
    return DaemonConnection::open(folder, target, Clock::now() + kDaemonTime);
  };
  auto connection = open();
  if (connection || connection.error().errno_value != ENOENT || !autostart) return connection;
  auto const started = admin_call(decision.options.admin_socket, {"admin.vm.Start"}, target, Clock::now() + kStartTime);
  if (!started && !started.error().message.starts_with("QubesVMNotHaltedError")) {
    return Failure{Error{"cannot start " + target + ": " + started.error().message, started.error().errno_value}};
  }
  Deadline const deadline = Clock::now() + kSocketTime;
  for (;;) {
    connection = open();
    if (connection || connection.error().errno_value != ENOENT || Clock::now() > deadline) return connection;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

// The call's control connection to its target: while it is held the call may go on, and its end tells of the call's.
Result<DaemonConnection> connect_to_vm(Decision const& decision) {
  BH_TRY(target, reach_target(decision));
  Exec const exec{ExecMode::with_streams, {decision.options.domain, vchan::Port(0)},
                  decision.allow.user + ":QUBESRPC " + decision.service + ' ' + decision.source};
  BH_TRY(address, target.run(exec, Clock::now() + kDaemonTime));
  BH_TRY(source, DaemonConnection::open(decision.options.socket_folder, std::to_string(decision.options.domain.value()),
                                        Clock::now() + kDaemonTime));
  BH_CHECK(source.connect(ServiceConnect{address, decision.ident}, Clock::now() + kDaemonTime));
  return target;
}

// The qube is there for this call alone and ends with it.
Result<void> serve_in_disposable(Decision decision) {
  BH_TRY(disposable, Disposable::start(decision.options.admin_socket, decision.allow.target, Clock::now() + kStartTime));
  log::info("made for this call: " + disposable.name() + " (" + decision.allow.target + ")");
  decision.allow.target = disposable.name();
  decision.allow.target_uuid.reset();
  BH_TRY(target, connect_to_vm(decision));
  return target.wait_for_end(Deadline::max());
}

}  // namespace

int decide_and_carry_out(DaemonOptions const& options, TriggerRequest const& request) {
  std::string const asked = options.name + " -> '" + request.target.text() + "' " + request.service.text();
  auto answer = ask_policy(options, request);
  if (!answer) {
    log::error("refused " + asked + ": " + answer.error().message);
    return kExitRefused;
  }
  if (std::holds_alternative<PolicyDeny>(*answer)) {
    log::info("denied by policy: " + asked);
    return kExitRefused;
  }
  auto const decision = bind(options, request, std::move(std::get<PolicyAllow>(*answer)));
  if (!decision) {
    log::error("refused " + asked + ": " + decision.error().message);
    return kExitRefused;
  }
  std::string const& target = decision->allow.target;
  log::info("allowed: " + decision->says());
  if (target.starts_with("@dispvm")) {
    auto const served = serve_in_disposable(*decision);
    if (served) return 0;
    log::error("refused " + decision->says() + ": " + served.error().message);
    return kExitProblem;
  }
  if (target == "dom0" || target == "@adminvm") return serve_in_dom0(*decision);
  auto const connected = connect_to_vm(*decision);
  if (connected) return 0;
  log::error("refused " + decision->says() + ": " + connected.error().message);
  return connected.error().errno_value == ENOENT ? kExitRefused : kExitProblem;
}

}  // namespace bh::qrexec
