#include "qrexec/agent/agent.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <list>

#include "base/log.h"
#include "base/service_notice.h"
#include "qrexec/agent/agent_line.h"
#include "qrexec/agent/call_handler.h"
#include "qrexec/agent/control_link.h"
#include "qrexec/agent/hold.h"
#include "qrexec/agent/local_callers.h"
#include "qrexec/agent/session_turns.h"

namespace bh::qrexec {

namespace {

constexpr int kTurnMs = 1000;
constexpr int kAliveFd = 3;
constexpr std::size_t kMaxCalls = 256;
constexpr std::size_t kMaxLateReports = 256;

// A call that runs in a process of its own; `alive` ends when its connection is over.
struct RunningCall {
  SessionTurns::CallId id;
  UniqueFd alive;
  CallAddress address;
  std::uint64_t generation;
  std::size_t slot = SIZE_MAX;
  std::string said = {};  // the beginning of a line
};

class Agent {
 public:
  Agent(AgentOptions const& options, VchanPlace place, UniqueFd signals)
      : options_(options), place_(std::move(place)), signals_(std::move(signals)), dom0_(place_) {}

  int run() {
    while (!stopping_) {
      if (auto const turned = turn(); !turned) {
        log::error(turned.error().message);
        return 1;
      }
    }
    return 0;
  }

 private:
  Result<void> turn() {
    BH_CHECK(dom0_.ensure());
    set_.clear();
    std::size_t const signals = set_.add(signals_, POLLIN);
    dom0_.fill(set_);
    callers_.fill(set_);
    for (auto& call : calls_) call.slot = set_.add(call.alive, POLLIN);
    BH_CHECK(set_.wait(kTurnMs));
    if (set_.at(signals) != 0) take_signals();
    std::uint32_t const version = dom0_.version();
    BH_CHECK(take_change(dom0_.handle(set_)));
    while (auto message = dom0_.next()) std::visit([this](auto const& m) { take(m); }, *message);
    // next() loses the link over a bad message.
    if (version != 0 && dom0_.version() == 0) callers_.refuse_waiting();
    auto const events = callers_.handle(set_, dom0_.version());
    for (auto const& request : events.requests) dom0_.send(request);
    for (auto const& address : events.ended) dom0_.send(encode(ConnectionTerminated{address}));
    hear_calls();
    return {};
  }

  Result<void> take_change(ControlLink::Change change) {
    if (change == ControlLink::Change::lost) callers_.refuse_waiting();
    if (change != ControlLink::Change::agreed) return {};
    log::info("connected to dom0, protocol version " + std::to_string(dom0_.version()));
    // Calls that ended while dom0 was away; told before anything else, so that they cannot be taken for newer ones.
    for (auto const& address : late_reports_) dom0_.send(encode(ConnectionTerminated{address}));
    late_reports_.clear();
    if (callers_.listening()) return {};
    BH_CHECK(callers_.listen(options_.socket));
    char const* const notify = std::getenv("NOTIFY_SOCKET");
    if (notify == nullptr || *notify == '\0') return {};
    if (auto const told = notify_service_ready(notify); !told) log::warning(told.error().message);
    return {};
  }

  void take(Exec const& exec) {
    if (calls_.size() >= kMaxCalls) {
      log::error("too many calls at once; one was dropped");
      dom0_.send(encode(ConnectionTerminated{exec.other_end}));
      return;
    }
    if (auto const started = start_call(exec); !started) {
      log::error(started.error().message);
      dom0_.send(encode(ConnectionTerminated{exec.other_end}));
    }
  }

  void take(ServiceConnect const& connect) {
    if (!callers_.connect(connect)) dom0_.send(encode(ConnectionTerminated{connect.other_end}));
  }

  void take(ServiceRefused const& refused) { callers_.refuse(refused.ident); }

  Result<void> start_call(Exec const& exec) {
    BH_TRY(line, make_socket_pair());
    BH_CHECK(set_nonblocking(line.first, true));
    pid_t const pid = ::fork();
    if (pid < 0) return Failure{Error::from_errno("start a process for a call")};
    if (pid == 0) run_call_process(exec, line.second);
    calls_.push_back(RunningCall{++last_call_, std::move(line.first), exec.other_end, dom0_.generation()});
    return {};
  }

  // In the child: nothing of the agent stays open, or dom0 would not see the agent's end.
  [[noreturn]] void run_call_process(Exec const& exec, UniqueFd const& alive) {
    if (alive.borrow() != kAliveFd && ::dup2(alive.borrow(), kAliveFd) != kAliveFd) ::_exit(1);
    ::fcntl(kAliveFd, F_SETFD, FD_CLOEXEC);
    ::syscall(SYS_close_range, static_cast<unsigned>(kAliveFd + 1), ~0U, 0U);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::_exit(handle_call(place_, exec, UniqueFd(kAliveFd)));
  }

  // False: its connection is over.
  bool hear(RunningCall& call) {
    std::byte chunk[512];
    auto const got = read_some(call.alive, chunk);
    if (!got) return got.error().errno_value == EAGAIN;
    if (*got == 0) return false;
    for (char const c : as_text(ByteSpan(chunk, *got))) {
      if (c != '\n') {
        // A call's process runs no foreign code, but what it says is bounded all the same.
        if (call.said.size() < kMaxTurnUser) call.said += c;
        continue;
      }
      if (call.said.empty()) {
        for (auto const waiting : sessions_.helper_ended(call.id)) answer(waiting, kGoOn);
      } else if (sessions_.join(call.said, call.id)) {
        answer(call.id, kLeadTurn);
      }
      call.said.clear();
    }
    return true;
  }

  void answer(SessionTurns::CallId id, char what) {
    for (auto const& call : calls_) {
      if (call.id == id) (void)write_some(call.alive, as_bytes(std::string_view(&what, 1)));
    }
  }

  void hear_calls() {
    for (auto call = calls_.begin(); call != calls_.end();) {
      bool const said = call->slot != SIZE_MAX && set_.at(call->slot) != 0;
      if (!said || hear(*call)) {
        ++call;
        continue;
      }
      if (auto const leader = sessions_.left(call->id)) answer(*leader, kLeadTurn);
      if (dom0_.version() == 0) {
        if (late_reports_.size() < kMaxLateReports) late_reports_.push_back(call->address);
      } else if (call->generation == dom0_.generation()) {
        dom0_.send(encode(ConnectionTerminated{call->address}));
      }
      // A call of an older connection: its port may serve a newer call by now, so its end is not reported.
      call = calls_.erase(call);
    }
  }

  void take_signals() {
    signalfd_siginfo info{};
    for (;;) {
      auto const got = read_some(signals_, std::as_writable_bytes(std::span(&info, 1)));
      if (!got || *got != sizeof info) break;
      if (info.ssi_signo != SIGCHLD) stopping_ = true;
    }
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }

  AgentOptions const& options_;
  VchanPlace place_;
  UniqueFd signals_;
  ControlLink dom0_;
  LocalCallers callers_;
  std::list<RunningCall> calls_;
  SessionTurns::CallId last_call_ = 0;
  SessionTurns sessions_;
  std::vector<CallAddress> late_reports_;
  PollSet set_;
  bool stopping_ = false;
};

Result<UniqueFd> watch_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int const number : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&set, number);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return Failure{Error::from_errno("block signals")};
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.open()) return Failure{Error::from_errno("wait for signals")};
  return fd;
}

}  // namespace

int run_agent(AgentOptions const& options) {
  auto signals = watch_signals();
  if (!signals) return log::error(signals.error().message), 1;
  auto const go_on = wait_while_held(options, *signals);
  if (!go_on) return log::error(go_on.error().message), 1;
  if (!*go_on) return 0;
  auto place = VchanPlace::of_guest();
  if (!place) return log::error(place.error().message), 1;
  return Agent(options, *std::move(place), *std::move(signals)).run();
}

}  // namespace bh::qrexec
