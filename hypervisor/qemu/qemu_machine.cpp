#include "hypervisor/qemu/qemu_machine.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <array>
#include <cerrno>
#include <random>

#include "base/unix_socket.h"

namespace bh::qemu {

using namespace machine;

namespace {

// Of two sessions with one QEMU, the numbers of their commands meet once in millions; all stay exact in any reader of JSON.
constexpr unsigned kCommandsOfASession = 1U << 20;

std::uint64_t any_first_id() {
  std::random_device any;
  return 1 + std::uint64_t{any()} * kCommandsOfASession;
}

// A slow disk keeps QEMU's main thread in a flush for seconds; one that shakes no hands for two whole turns never will.
constexpr int kSilentTurns = 2;
constexpr int kMaxConnections = 3;
// A QEMU that ends closes its connection a moment before its process is seen to end: no reason for an alarm yet.
constexpr std::chrono::milliseconds kEndGrace{500};
// Of one handle(). GUARD: a QEMU that talks without pause must not keep the daemon from its other qubes.
constexpr std::size_t kReadBudget = 65536;

MachineStopped how_it_stopped(ShutdownCause cause, ExitStatus status, bool kill_sent, std::string const& last_log_line) {
  if (cause == ShutdownCause::guest_shutdown) return {StopReason::guest_powered_off, ""};
  if (cause == ShutdownCause::guest_reset) return {StopReason::guest_reset, ""};
  if (cause == ShutdownCause::guest_panic) return {StopReason::guest_panicked, ""};
  if (kill_sent) return {StopReason::killed, ""};
  if (status.signal != 0) return {StopReason::killed, "QEMU was ended by signal " + std::to_string(status.signal)};
  if (status.code != 0) {
    std::string text = "QEMU ended with exit code " + std::to_string(status.code);
    if (!last_log_line.empty()) text += ": " + last_log_line;
    return {StopReason::failed, std::move(text)};
  }
  return {StopReason::killed, cause == ShutdownCause::host ? "QEMU was asked to end" : "QEMU ended without saying why"};
}

}  // namespace

Result<std::unique_ptr<Machine>> QemuMachine::create(ChildProcess process, QemuHandles handles) {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.open()) return Failure{Error::from_errno("watch a machine")};
  UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer.open()) return Failure{Error::from_errno("make a timer")};
  BH_CHECK(set_nonblocking(handles.qmp, true));
  std::unique_ptr<QemuMachine> made(new QemuMachine(std::move(process), std::move(handles), std::move(epoll), std::move(timer), any_first_id()));
  BH_CHECK(made->watch(made->process_.pidfd(), false));
  BH_CHECK(made->watch(made->handles_.qmp, false));
  BH_CHECK(made->watch(made->timer_, false));
  BH_CHECK(made->start_timer(made->handles_.turn));
  return std::unique_ptr<Machine>(std::move(made));
}

Result<void> QemuMachine::watch(UniqueFd const& fd, bool for_writing) {
  epoll_event event{};
  event.events = for_writing ? EPOLLIN | EPOLLOUT : EPOLLIN;
  if (::epoll_ctl(epoll_.borrow(), EPOLL_CTL_MOD, fd.borrow(), &event) == 0) return {};
  if (errno == ENOENT && ::epoll_ctl(epoll_.borrow(), EPOLL_CTL_ADD, fd.borrow(), &event) == 0) return {};
  return Failure{Error::from_errno("watch a machine's descriptor")};
}

Result<void> QemuMachine::start_timer(std::chrono::milliseconds first) {
  auto const spec = [](std::chrono::milliseconds time) {
    return timespec{static_cast<time_t>(time.count() / 1000), static_cast<long>(time.count() % 1000 * 1'000'000)};
  };
  itimerspec const setting{spec(handles_.turn), spec(first)};
  if (::timerfd_settime(timer_.borrow(), 0, &setting, nullptr) != 0) return Failure{Error::from_errno("set a timer")};
  return {};
}

Result<void> QemuMachine::request(QmpRequest wanted) {
  if (stopped_) return Failure{Error{"the machine has stopped", ESRCH}};
  if (!handles_.qmp.open()) return Failure{Error{"QEMU's control connection is lost; the machine can only be killed", ENOTCONN}};
  if (!session_.request(wanted)) return Failure{Error{"QEMU does not answer its control connection; the machine can only be killed", EAGAIN}};
  // What does not fit now, or fails, shows at the next handle().
  if (!session_.outgoing().empty()) return watch(handles_.qmp, wants_to_write_ = true);
  return {};
}

namespace {
Failure<Error> not_yet() { return Failure{Error{"the QEMU driver cannot do this yet", ENOTSUP}}; }
}  // namespace
Result<void> QemuMachine::save(SnapshotTarget const&) { return not_yet(); }
Result<void> QemuMachine::resize_volume(Volume, ByteCount) { return not_yet(); }
Result<void> QemuMachine::attach_wire(WireSlot, UniqueFd, MacAddress const&) { return not_yet(); }
Result<void> QemuMachine::detach_wire(WireSlot) { return not_yet(); }
Result<void> QemuMachine::set_balloon(Mebibytes) { return not_yet(); }
Result<ByteCount> QemuMachine::memory_in_use() const { return not_yet(); }
Result<void> QemuMachine::kill() {
  if (stopped_) return {};
  kill_sent_ = true;
  auto sent = process_.signal(SIGKILL);
  if (!sent && sent.error().errno_value == ESRCH) return {};
  return sent;
}

std::vector<MachineEvent> QemuMachine::handle() {
  Events events;
  if (stopped_) return events;
  // Before the connection is read for the last time: all that was said before the end is there by now.
  bool const ended = !process_.running();
  read_qmp(events);
  write_qmp(events);
  on_timer(events);
  if (ended) collect(events);
  return events;
}

void QemuMachine::read_qmp(Events& events) {
  std::array<std::byte, 8192> buffer;
  for (std::size_t total = 0; handles_.qmp.open() && total < kReadBudget;) {
    auto const got = read_some(handles_.qmp, buffer);
    if (!got && got.error().errno_value == EAGAIN) return;
    if (!got || *got == 0) return end_of_qmp();
    total += *got;
    auto said = session_.feed(ByteSpan(buffer).first(*got));
    if (!said) return lose_monitor(to_string(said.error()), events);
    for (auto& event : *said) {
      // It opens nothing any more: from here on there is nothing for it to open.
      if (std::holds_alternative<MachineUp>(event)) handles_.start_files.take_away();
      events.push_back(std::move(event));
    }
  }
}

void QemuMachine::write_qmp(Events& events) {
  while (handles_.qmp.open() && !session_.outgoing().empty()) {
    auto const put = write_some(handles_.qmp, as_bytes(session_.outgoing()));
    if (!put && put.error().errno_value == EAGAIN) break;
    if (!put) return end_of_qmp();
    session_.sent(*put);
  }
  bool const more = !session_.outgoing().empty();
  if (!handles_.qmp.open() || more == wants_to_write_) return;
  wants_to_write_ = more;
  if (auto const watched = watch(handles_.qmp, more); !watched) lose_monitor(watched.error().message, events);
}

void QemuMachine::end_of_qmp() {
  handles_.qmp.reset();
  monitor_ended_ = true;
  // If even this fails, the regular turn of the timer tells it.
  [[maybe_unused]] auto const soon = start_timer(kEndGrace);
}

Result<void> QemuMachine::connect_again() {
  BH_TRY(fresh, connect_unix(handles_.qmp_path));
  BH_CHECK(set_nonblocking(fresh, true));
  BH_CHECK(watch(fresh, false));
  handles_.qmp = std::move(fresh);
  // The monitor of an adopted QEMU may have been left in the middle of a command: what was asked of this session meanwhile is not lost.
  session_ = session_.begun_anew(any_first_id());
  wants_to_write_ = false;
  return {};
}

void QemuMachine::check_handshake(Events& events) {
  if (session_.up() || !handles_.qmp.open() || kill_sent_ || ++silent_turns_ < kSilentTurns) return;
  silent_turns_ = 0;
  bool const once_more = connections_++ < kMaxConnections && !handles_.qmp_path.empty();
  if (!once_more || !connect_again()) lose_monitor("it does not answer its control connection", events);
}

void QemuMachine::lose_monitor(std::string why, Events& events) {
  handles_.qmp.reset();
  events.emplace_back(MonitorLost{"QEMU cannot be trusted any more: " + std::move(why)});
}

void QemuMachine::on_timer(Events& events) {
  std::uint64_t turns = 0;
  if (!read_some(timer_, std::as_writable_bytes(std::span(&turns, 1)))) return;
  (void)handles_.start_files.collect();
  cap_log(handles_.console);
  if (handles_.log.open()) cap_log(handles_.log);
  check_handshake(events);
  if (std::exchange(monitor_ended_, false) && process_.running() && !kill_sent_) {
    events.emplace_back(MonitorLost{"QEMU closed its control connection"});
  }
}

void QemuMachine::collect(Events& events) {
  auto const status = process_.wait(Clock::now());
  if (status && !*status) return;
  stopped_ = true;
  handles_.qmp.reset();
  // An ended process stays readable for ever: an owner that keeps polling would spin.
  ::epoll_ctl(epoll_.borrow(), EPOLL_CTL_DEL, process_.pidfd().borrow(), nullptr);
  std::string const line = handles_.log.open() ? last_line(handles_.log, handles_.log_start) : "";
  ExitStatus const known = status ? **status : ExitStatus{};
  events.emplace_back(how_it_stopped(session_.shutdown_cause(), known, kill_sent_, line));
}

}  // namespace bh::qemu
