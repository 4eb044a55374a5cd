#include "qrexec/daemon/worker_broker.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <set>

#include "base/log.h"
#include "base/posix_io.h"
#include "qrexec/daemon/broker_message.h"
#include "qrexec/daemon/pending_requests.h"

namespace bh::qrexec {

namespace {

using broker::Event;

constexpr std::chrono::seconds kAnswerTime{10};  // a fork; more is a fault

Failure<Error> gone() { return Failure{Error{"the process that starts the workers has ended", ECONNRESET}}; }

Result<UniqueFd> child_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  if (::sigprocmask(SIG_SETMASK, &set, nullptr) != 0) return Failure{Error::from_errno("block signals")};
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.open()) return Failure{Error::from_errno("wait for signals")};
  return fd;
}

// The broker's own loop, in its process, until the daemon is gone. Workers go on: a call of dom0 outlives its daemon.
class Loop {
 public:
  Loop(UniqueFd socket, UniqueFd signals, std::function<int(TriggerRequest const&)> work)
      : socket_(std::move(socket)), signals_(std::move(signals)), work_(std::move(work)) {}

  int run() {
    std::vector<std::byte> packet(broker::kMaxOrder + 1);
    for (;;) {
      std::array<pollfd, 2> entries{pollfd{socket_.borrow(), POLLIN, 0}, pollfd{signals_.borrow(), POLLIN, 0}};
      if (::poll(entries.data(), entries.size(), -1) < 0 && errno != EINTR) return 1;
      if (entries[1].revents != 0) collect();
      if (entries[0].revents == 0) continue;
      auto const got = read_some(socket_, packet);
      if (!got || *got == 0) return 0;
      if (auto const order = broker::decode_order(ByteSpan(packet).first(*got))) obey(*order);
      else return log::error("an order that the daemon never gives; not starting anything for it any more"), 1;
    }
  }

 private:
  void obey(broker::Order const& order) {
    if (auto const* stop = std::get_if<broker::StopWorker>(&order)) {
      auto const pid = static_cast<pid_t>(stop->worker);
      if (workers_.contains(pid)) ::kill(pid, SIGTERM);
      return;
    }
    // GUARD: as in the daemon: a qube may have so many requests open and no more.
    if (workers_.size() >= PendingRequests::kLimit) return tell({Event::Kind::not_started, EAGAIN});
    pid_t const pid = ::fork();
    if (pid < 0) return tell({Event::Kind::not_started, static_cast<std::uint32_t>(errno)});
    if (pid == 0) work_alone(std::get<TriggerRequest>(order));
    workers_.insert(pid);
    tell({Event::Kind::started, static_cast<std::uint32_t>(pid)});
  }

  [[noreturn]] void work_alone(TriggerRequest const& request) {
    ::syscall(SYS_close_range, 3U, ~0U, 0U);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::_exit(work_(request));
  }

  void collect() {
    signalfd_siginfo info{};
    while (read_some(signals_, std::as_writable_bytes(std::span(&info, 1)))) {
    }
    for (int pid; (pid = ::waitpid(-1, nullptr, WNOHANG)) > 0;) {
      workers_.erase(pid);
      tell({Event::Kind::ended, static_cast<std::uint32_t>(pid)});
    }
  }

  // One packet, whole or not at all. The daemon reads them whenever it is not busy; one that never does is not worth waiting for.
  void tell(Event const& event) { (void)write_some(socket_, broker::encode(event)); }

  UniqueFd socket_;
  UniqueFd signals_;
  std::function<int(TriggerRequest const&)> work_;
  std::set<pid_t> workers_;
};

Result<Event> next_event(UniqueFd const& socket) {
  std::array<std::byte, broker::kEventSize + 1> packet;
  auto const got = read_some(socket, packet);
  if (!got) return Failure{got.error()};
  auto const event = broker::decode_event(ByteSpan(packet).first(*got));
  if (!event) return gone();
  return *event;
}

[[noreturn]] void be_broker(int socket, std::function<int(TriggerRequest const&)> work) {
  // Nothing of the daemon's but the socket and the log.
  UniqueFd own(3);
  if (::dup2(socket, 3) != 3 && socket != 3) ::_exit(1);
  ::syscall(SYS_close_range, 4U, ~0U, 0U);
  for (int const number : {SIGTERM, SIGINT, SIGHUP}) ::signal(number, SIG_DFL);
  auto signals = child_signals();
  if (!signals) ::_exit(1);
  ::_exit(Loop(std::move(own), *std::move(signals), std::move(work)).run());
}

}  // namespace

Result<WorkerBroker> WorkerBroker::start(std::function<int(TriggerRequest const&)> work) {
  int both[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, both) != 0) return Failure{Error::from_errno("make a socket pair")};
  UniqueFd ours(both[0]);
  UniqueFd theirs(both[1]);
  pid_t const pid = ::fork();
  if (pid < 0) return Failure{Error::from_errno("start the broker of workers")};
  if (pid == 0) {
    // No child of the daemon's: whoever stops a daemon first waits for its children to end (conformance.md 1), and this one ends with it.
    pid_t const broker = ::fork();
    if (broker == 0) be_broker(theirs.borrow(), std::move(work));
    ::_exit(broker < 0 ? 1 : 0);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return Failure{Error{"cannot start the broker of workers", EAGAIN}};
  return WorkerBroker(std::move(ours));
}

Result<int> WorkerBroker::start_worker(TriggerRequest const& request) {
  BH_TRY(sent, write_some(socket_, broker::encode(request)));
  (void)sent;
  Deadline const deadline = Clock::now() + kAnswerTime;
  for (;;) {
    BH_TRY(ready, wait_for(socket_, POLLIN, deadline));
    if (!ready) return Failure{Error{"the process that starts the workers does not answer", ETIMEDOUT}};
    BH_TRY(event, next_event(socket_));
    if (event.kind == Event::Kind::started) return static_cast<int>(event.number);
    if (event.kind == Event::Kind::not_started) return Failure{Error::from_errno("start a worker", static_cast<int>(event.number))};
    ended_.push_back(static_cast<int>(event.number));
  }
}

void WorkerBroker::stop_worker(int worker) { (void)write_some(socket_, broker::encode(broker::StopWorker{static_cast<std::uint32_t>(worker)})); }

Result<std::vector<int>> WorkerBroker::ended() {
  for (;;) {
    BH_TRY(ready, wait_for(socket_, POLLIN, Clock::now()));
    if (!ready) return std::exchange(ended_, {});
    BH_TRY(event, next_event(socket_));
    if (event.kind == Event::Kind::ended) ended_.push_back(static_cast<int>(event.number));
  }
}

}  // namespace bh::qrexec
