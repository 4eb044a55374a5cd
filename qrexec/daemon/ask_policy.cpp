#include "qrexec/daemon/ask_policy.h"

#include <cerrno>

#include "base/child_process.h"
#include "base/log.h"
#include "base/unix_socket.h"

namespace bh::qrexec {

namespace {

// A person may have to be asked.
constexpr std::chrono::minutes kDecisionTime{5};
constexpr std::chrono::seconds kEndTime{10};

Result<std::string> read_answer(UniqueFd const& from, Deadline deadline) {
  std::string answer;
  std::byte buffer[1024];
  for (;;) {
    BH_TRY(ready, wait_for(from, POLLIN, deadline));
    if (!ready) return Failure{Error{"the policy does not answer", ETIMEDOUT}};
    BH_TRY(got, read_some(from, buffer));
    if (got == 0) return answer;
    answer += as_text(ByteSpan(buffer, got));
    if (answer.size() > kMaxPolicyAnswer) return Failure{Error{"the policy's answer is too long", EPROTO}};
  }
}

Result<PolicyAnswer> parsed(std::string const& text) {
  auto answer = parse_policy_answer(text);
  if (!answer) return Failure{Error{"the policy's answer cannot be used: " + answer.error(), EPROTO}};
  return *std::move(answer);
}

Result<PolicyAnswer> ask_socket(DaemonOptions const& options, TriggerRequest const& request) {
  BH_TRY(socket, connect_unix(*options.policy_socket));
  std::string question = "source=" + options.name + "\nintended_target=" + request.target.text() +
                         "\nservice_and_arg=" + request.service.with_plus() + "\n";
  if (!request.source.text().empty()) question += "requested_source=" + request.source.text() + "\n";
  BH_CHECK(write_all(socket, as_bytes(question + "\n")));
  BH_TRY(answer, read_answer(socket, Clock::now() + kDecisionTime));
  return parsed(answer);
}

Result<PolicyAnswer> ask_program(DaemonOptions const& options, TriggerRequest const& request) {
  if (!request.source.text().empty()) {
    return Failure{Error{"a request in another qube's name needs the policy daemon", ENOTSUP}};
  }
  BH_TRY(streams, make_socket_pair());
  SpawnOptions program;
  program.argv = {options.policy_program.string(), "--", options.name, request.target.text(), request.service.text()};
  program.fds = {{&streams.second, 0}, {&streams.second, 1}};
  program.die_with_parent = true;
  BH_TRY(child, ChildProcess::spawn(program));
  streams.second.reset();
  auto const answer = read_answer(streams.first, Clock::now() + kDecisionTime);
  if (!answer) {
    (void)child.terminate(kEndTime);
    return Failure{answer.error()};
  }
  BH_TRY(status, child.wait(Clock::now() + kEndTime));
  if (!status) (void)child.terminate(kEndTime);
  if (!status || status->code != 0) return PolicyAnswer(PolicyDeny{});
  return parsed(*answer);
}

}  // namespace

Result<PolicyAnswer> ask_policy(DaemonOptions const& options, TriggerRequest const& request) {
  if (options.policy_socket && std::filesystem::exists(*options.policy_socket)) {
    auto answer = ask_socket(options, request);
    if (answer) return answer;
    log::warning("policy socket: " + answer.error().message + "; asking the policy program instead");
  }
  return ask_program(options, request);
}

}  // namespace bh::qrexec
