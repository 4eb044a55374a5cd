#include "hypervisor/qemu/qemu_machine.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#include <array>
#include <cerrno>
#include <random>

#include "base/fd_passing.h"
#include "base/unix_socket.h"
#include "hypervisor/qemu/machine_save.h"

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
  if (made->handles_.loading != nullptr) BH_CHECK(made->watch(made->handles_.loading->pollable(), false));
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

Result<void> QemuMachine::send_soon() {
  // What does not fit now, or fails, shows at the next handle().
  if (!session_.outgoing().empty()) return watch(handles_.qmp, wants_to_write_ = true);
  return {};
}

Result<void> QemuMachine::request(QmpJob wanted) {
  if (stopped_) return Failure{Error{"the machine has stopped", ESRCH}};
  if (!handles_.qmp.open()) return Failure{Error{"QEMU's control connection is lost; the machine can only be killed", ENOTCONN}};
  if (!session_.request(std::move(wanted))) return Failure{Error{"QEMU does not answer its control connection; the machine can only be killed", EAGAIN}};
  return send_soon();
}

Result<void> QemuMachine::attach_wire(WireSlot slot, UniqueFd socket, MacAddress const& address) {
  return request(job::attach_wire(slot, std::make_shared<UniqueFd const>(std::move(socket)), address));
}

Result<ByteCount> QemuMachine::memory_in_use() const {
  if (!handles_.ram.open() || handles_.shares_memory) return Failure{Error{"nothing is known of this machine's memory", ENODATA}};
  struct stat status {};
  if (::fstat(handles_.ram.borrow(), &status) != 0) return Failure{Error::from_errno("look at a machine's memory")};
  return ByteCount(static_cast<std::uint64_t>(status.st_blocks) * 512);
}

Result<void> QemuMachine::save(SnapshotTarget const& target) {
  if (save_target_) return Failure{Error{"the machine is being saved already", EBUSY}};
  if (!handles_.ram.open() || handles_.shares_memory) return Failure{Error{"only a machine with memory of its own can be saved", ENOTSUP}};
  if (handles_.adopted) return Failure{Error{"a machine that an earlier daemon started cannot be saved; start another", ENOTSUP}};
  // QEMU gets an anonymous file: a name in the snapshot's folder would stay in its hands.
  UniqueFd state(::memfd_create("bulkhead-saved-state", MFD_CLOEXEC));
  if (!state.open()) return Failure{Error::from_errno("make a file for a machine's state")};
  auto shared = std::make_shared<UniqueFd const>(std::move(state));
  BH_CHECK(request(job::save(shared)));
  save_target_ = target;
  saved_state_ = std::move(shared);
  return {};
}

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
  go_on_restoring(events);
  go_on_saving(events);
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
    auto const text = as_bytes(session_.outgoing());
    auto const put = session_.attachment() == nullptr ? write_some(handles_.qmp, text) : send_with_fd(handles_.qmp, text, *session_.attachment());
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

// The state is loaded once QEMU answers and the memory is there, whichever comes last. Both go on at the same time.
void QemuMachine::go_on_restoring(Events& events) {
  if (handles_.loading != nullptr && handles_.loading->done()) {
    if (auto const copied = handles_.loading->take()) copy_time_ = std::chrono::microseconds(*copied);
    else give_up_restore("its memory could not be copied: " + copied.error().message);
    handles_.loading.reset();
  }
  if (session_.restore_failure()) give_up_restore(*session_.restore_failure());
  if (handles_.loading == nullptr && restore_failure_.empty() && session_.restore_stage() == RestoreStage::ready) {
    load_begun_ = Clock::now();
    session_.load();
  }
  for (auto& event : events) {
    auto* const restored = std::get_if<MachineRestored>(&event);
    if (restored == nullptr) continue;
    restored->copy = std::chrono::duration_cast<std::chrono::milliseconds>(copy_time_);
    restored->load = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - load_begun_);
  }
}

// A machine with half a memory is no machine; its owner boots another.
void QemuMachine::give_up_restore(std::string why) {
  if (!restore_failure_.empty()) return;
  restore_failure_ = "cannot restore the snapshot: " + std::move(why);
  (void)kill();
}

void QemuMachine::go_on_saving(Events& events) {
  if (!save_target_) return;
  for (auto const& event : events) {
    auto const* const refused = std::get_if<RequestFailed>(&event);
    if (refused != nullptr && refused->request == Request::save) return save_target_.reset();
  }
  if (saving_ == nullptr && session_.state_saved()) {
    SaveSources sources{std::move(saved_state_), std::make_shared<UniqueFd const>(std::move(handles_.ram)), nullptr, handles_.window_memory_size};
    if (handles_.root_overlay.open()) sources.overlay = std::make_shared<UniqueFd const>(std::move(handles_.root_overlay));
    auto task = BackgroundTask::start([sources, target = *save_target_](std::stop_token const& stop) { return write_snapshot(sources, target, stop); });
    if (task) saving_ = *std::move(task);
    if (!task || !watch(saving_->pollable(), false)) events.emplace_back(RequestFailed{"save: no thread could be started", Request::save});
  }
  if (saving_ == nullptr || !saving_->done()) return;
  auto const written = saving_->take();
  saving_.reset();
  save_target_.reset();
  if (written) events.emplace_back(MachineSaved{ByteCount(*written)});
  else events.emplace_back(RequestFailed{"save: " + written.error().message, Request::save});
}

void QemuMachine::check_handshake(Events& events) {
  if (session_.answers() || !handles_.qmp.open() || kill_sent_ || ++silent_turns_ < kSilentTurns) return;
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
  if (!restore_failure_.empty()) return events.emplace_back(MachineStopped{StopReason::failed, restore_failure_}), void();
  events.emplace_back(how_it_stopped(session_.shutdown_cause(), known, kill_sent_, line));
}

}  // namespace bh::qemu
