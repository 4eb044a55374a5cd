#include "qrexec/daemon/daemon.h"

#include <signal.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/confine.h"
#include "base/display_text.h"
#include "base/log.h"
#include "hypervisor/vchan/client.h"
#include "qrexec/daemon/agent_session.h"
#include "qrexec/daemon/decision.h"
#include "qrexec/daemon/worker_broker.h"
#include "qrexec/stream/handshake.h"
#include "qrexec/stream/vchan_place.h"

namespace bh::qrexec {

namespace {

constexpr vchan::Port kControlPort{512};
constexpr std::chrono::milliseconds kFirstPause{20};
constexpr std::chrono::milliseconds kLongestPause{500};
constexpr std::chrono::seconds kHelloTime{60};
constexpr int kTurnMs = 1000;
constexpr int kForEverMs = -1;
constexpr int kExitBroken = 1;

class Daemon {
 public:
  Daemon(DaemonOptions const& options, VchanPlace place, UniqueFd signals, WorkerBroker broker, std::function<void()> const& ready)
      : options_(options), place_(std::move(place)), signals_(std::move(signals)), broker_(std::move(broker)), ready_(ready), ports_(options.domain), grants_(place_.folder, options.domain) {}

  int run() {
    std::optional<Deadline> startup = Clock::now() + options_.startup_time;
    auto pause = kFirstPause;
    while (!stopping_) {
      auto agent = meet_agent(startup);
      if (!agent) {
        if (stopping_) break;
        log::error(agent.error().message);
        if (startup && Clock::now() > *startup) return kExitNoAgent;
      } else {
        startup.reset();
        auto const began = Clock::now();
        if (auto const ended = serve(*std::move(agent)); !ended) {
          log::warning(ended.error().message + (was_ready_ ? "; waiting for it to come back" : ""));
          // Nobody can ever have reached us: whoever started us waits for an answer, not for a better day.
          if (!was_ready_) return kExitBroken;
        }
        // GUARD: a qube whose agent fails over and over must not keep dom0 busy.
        if (Clock::now() - began > std::chrono::seconds(10)) pause = kFirstPause;
      }
      if (!stopping_) rest(pause);
      pause = std::min(pause * 2, kLongestPause);
    }
    return broken_ ? kExitBroken : 0;
  }

 private:
  // Connected and agreed on a version. Waits for ever without a startup deadline.
  Result<FramedStream> meet_agent(std::optional<Deadline> startup) {
    vchan::ChannelName const name{options_.domain, place_.own, kControlPort};
    auto pause = kFirstPause;
    for (;;) {
      BH_TRY(socket, vchan::try_connect(place_.folder, name));
      if (socket) {
        BH_TRY(stream, FramedStream::over(*std::move(socket), Direction::agent_to_daemon));
        Deadline const deadline = std::min(Clock::now() + kHelloTime, startup.value_or(Deadline::max()));
        BH_CHECK(hello(stream, deadline));
        return stream;
      }
      if (startup && Clock::now() > *startup) {
        return Failure{Error{"the qrexec agent of " + options_.name + " did not answer within " +
                                 std::to_string(options_.startup_time.count()) + " s of the daemon's start", ETIMEDOUT}};
      }
      rest(pause);
      pause = std::min(pause * 2, kFirstPause * 5);
      if (stopping_) return Failure{Error{"stopped", EINTR}};
    }
  }

  // shake_hands(), but a signal ends the waiting.
  Result<void> hello(FramedStream& stream, Deadline deadline) {
    while (!stream.in_frame()) {
      PollSet set;
      std::size_t const agent = set.add(stream.fd(), POLLIN);
      set.add(signals_, POLLIN);
      BH_CHECK(set.wait(kTurnMs));
      take_signals();
      if (stopping_) return Failure{Error{"stopped", EINTR}};
      if (Clock::now() > deadline) return Failure{Error{"the qrexec agent of " + options_.name + " does not say HELLO", ETIMEDOUT}};
      if (set.at(agent) == 0) continue;
      BH_TRY(connected, stream.receive());
      if (!connected) return Failure{Error{"the qrexec agent of " + options_.name + " left before HELLO", ECONNRESET}};
    }
    BH_TRY(version, shake_hands(stream, HelloTerms{HelloOrder::read_first}, std::min(deadline, Clock::now() + std::chrono::seconds(10))));
    log::info("connected to the qube's agent, protocol version " + std::to_string(version));
    return {};
  }

  Result<void> serve(FramedStream agent) {
    BH_TRY(session, AgentSession::begin(options_, std::move(agent), ports_, grants_,
                                        [this](TriggerRequest const& request) { return broker_.start_worker(request); }));
    was_ready_ = true;
    if (ready_) ready_();
    auto const ended = [&]() -> Result<void> {
      PollSet set;
      while (!stopping_) {
        set.clear();
        std::size_t const signals = set.add(signals_, POLLIN);
        std::size_t const workers = set.add(broker_.events(), POLLIN);
        session.fill(set);
        // An idle qube wakes nobody.
        BH_CHECK(set.wait(session.has_deadlines() ? kTurnMs : kForEverMs));
        if (set.at(signals) != 0) take_signals();
        if (set.at(workers) != 0) BH_CHECK(take_ended_workers(session));
        BH_CHECK(session.handle(set));
      }
      return {};
    }();
    for (int const worker : session.abandon_requests()) broker_.stop_worker(worker);
    return ended;
  }

  Result<void> take_ended_workers(AgentSession& session) {
    auto const ended = broker_.ended();
    if (!ended) {
      // Without it every request would be refused: bulkheadd starts us anew.
      stopping_ = broken_ = true;
      return Failure{ended.error()};
    }
    for (int const worker : *ended) session.worker_ended(worker);
    return {};
  }

  void take_signals() {
    signalfd_siginfo info{};
    for (;;) {
      auto const got = read_some(signals_, std::as_writable_bytes(std::span(&info, 1)));
      if (!got || *got != sizeof info) break;
      stopping_ = true;
    }
  }

  void rest(std::chrono::milliseconds time) {
    PollSet set;
    set.add(signals_, POLLIN);
    (void)set.wait(static_cast<int>(time.count()));
    take_signals();
  }

  DaemonOptions const& options_;
  VchanPlace place_;
  UniqueFd signals_;
  WorkerBroker broker_;
  std::function<void()> ready_;
  PortTable ports_;
  vchan::PairGrants grants_;
  bool stopping_ = false;
  bool broken_ = false;
  bool was_ready_ = false;
};

Result<UniqueFd> watch_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int const number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return Failure{Error::from_errno("block signals")};
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.open()) return Failure{Error::from_errno("wait for signals")};
  return fd;
}

}  // namespace

int run_daemon(DaemonOptions const& options, std::function<void()> const& ready) {
  auto place = VchanPlace::of_dom0();
  auto broker = WorkerBroker::start([&options](TriggerRequest const& request) { return decide_and_carry_out(options, request); });
  auto signals = watch_signals();
  for (auto const* error : {place ? nullptr : &place.error(), broker ? nullptr : &broker.error(), signals ? nullptr : &signals.error()}) {
    if (error != nullptr) return log::error(error->message), kExitBroken;
  }
  // Before the first byte of the qube. What needs more than this is the broker's.
  auto const confined = confine({{{}, {options.socket_folder, place->folder}}, daemon_calls(), parse_strictness(std::getenv("BULKHEAD_CONFINE"))});
  if (!confined) return log::error("not confined, so not going on: " + confined.error().message), kExitBroken;
  return Daemon(options, *std::move(place), *std::move(signals), *std::move(broker), ready).run();
}

}  // namespace bh::qrexec
