#include "dom0/core/life/running_qube.h"

#include <fcntl.h>
#include <signal.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>

#include "base/log.h"
#include "dom0/core/model/property.h"
#include "hypervisor/volumes/private_volume.h"
#include "hypervisor/volumes/window_memory.h"

namespace bh::dom0 {

namespace {

using namespace std::chrono_literals;
using asio::use_awaitable;

// Only while something is under way; a qube at rest is not polled.
constexpr auto kStep = 20ms;
constexpr auto kKillLimit = 2s;
constexpr auto kHelperGrace = 1s;
constexpr auto kPoweroffCallLimit = 10s;
constexpr auto kMonitorLimit = 5s;

std::int64_t unix_now() { return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count(); }

Failure<admin::Exception> vm_error(std::string text) { return Failure{admin::Exception{"QubesVMError", std::move(text)}}; }

void answer_all(std::vector<LifeCycle::Done>& waiting, Result<void, admin::Exception> const& result) {
  auto const now = std::move(waiting);
  waiting.clear();
  for (auto const& done : now) done(result);
}

}  // namespace

template <class Coroutine>
void RunningQube::spawn(Coroutine coroutine) {
  asio::co_spawn(house_.io, std::move(coroutine), [self = shared_from_this()](std::exception_ptr problem) {
    // Nothing below throws on purpose; what does is a bug or no memory, and must not pass in silence.
    if (problem) std::rethrow_exception(problem);
  });
}

asio::awaitable<void> RunningQube::sleep(std::chrono::milliseconds time) {
  asio::steady_timer timer(house_.io, time);
  std::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(use_awaitable, ignored));
}

void RunningQube::tell(std::string event, std::vector<std::pair<std::string, std::string>> values) {
  house_.registry.tell({name_, std::move(event), std::move(values)});
}

std::filesystem::path RunningQube::log_file(std::string const& what) const { return house_.paths.log() / (name_ + "-" + what + ".log"); }

RunInfo RunningQube::info() const {
  RunInfo info{.state = state_};
  if (machine_) {
    info.domain = record_.domain;
    info.pid = machine_->pid();
    info.started_unix = record_.started_unix;
  }
  return info;
}

// ---- starting ----

void RunningQube::start(volumes::TemplateImage base) { spawn(run_start(std::move(base))); }

asio::awaitable<void> RunningQube::run_start(volumes::TemplateImage base) {
  auto const self = shared_from_this();
  start_guid_ = random_uuid().text();
  tell("domain-pre-start", {{"start_guid", start_guid_}, {"mem_required", std::to_string(number_of(house_.registry.inventory(), *qube(), "memory") * (1 << 20))}});
  Step const result = co_await bring_up(std::move(base));
  if (!result) {
    log::error(name_ + ": start failed: " + result.error().message);
    co_await tear_down(result.error());
    co_return;
  }
  state_ = PowerState::running;
  record_.up = true;
  write_state();
  log::info(name_ + ": running, domain " + std::to_string(record_.domain.value()));
  tell("domain-start", {{"start_guid", start_guid_}});
  answer_all(when_up_, Step());
}

asio::awaitable<RunningQube::Step> RunningQube::bring_up(volumes::TemplateImage base) {
  machine::Accel const accel = co_await ask_accel(base);
  if (end_wanted_) co_return vm_error(name_ + " was killed while it started");
  auto const domain = house_.registry.next_domain_id();
  if (!domain) co_return vm_error(domain.error().message);
  record_ = {*domain, unix_now(), machine::to_string(accel), false};
  if (auto const made = make_run_folder(); !made) co_return vm_error(made.error().message);
  auto const spec = specification(base, accel);
  if (!spec) co_return vm_error(spec.error().message);

  tell("domain-pre-spawn", {{"start_guid", start_guid_}});
  auto machine = house_.vmm.start(*spec);
  if (!machine) co_return vm_error("the machine did not start: " + machine.error().message);
  machine_ = std::move(*machine);
  write_processes();
  write_state();
  spawn(watch_machine());
  tell("domain-spawn", {{"start_guid", start_guid_}});
  make_children();
  for (auto const& child : children_) {
    if (auto const started = child->start(); !started) co_return vm_error(started.error().message);
  }
  co_return co_await wait_for_agent();
}

asio::awaitable<machine::Accel> RunningQube::ask_accel(volumes::TemplateImage const& base) {
  auto const answer = std::make_shared<std::optional<machine::Accel>>();
  house_.accel(base, [answer](machine::Accel accel) { *answer = accel; });
  while (!*answer) co_await sleep(kStep);
  co_return **answer;
}

asio::awaitable<RunningQube::Step> RunningQube::wait_for_agent() {
  int const seconds = number_of(house_.registry.inventory(), *qube(), "qrexec_timeout");
  Deadline const deadline = Clock::now() + std::chrono::seconds(seconds);
  auto const socket = house_.paths.qrexec_sockets() / ("qrexec." + name_);
  for (;;) {
    if (machine_ended_) co_return vm_error(name_ + "'s machine ended while it started: " + *machine_ended_ + " (see " + log_file("qemu").string() + ")");
    if (end_wanted_) co_return vm_error(name_ + " was killed while it started");
    std::error_code error;
    if (std::filesystem::exists(socket, error)) co_return Step();
    if (Clock::now() >= deadline) {
      co_return vm_error(name_ + " gave no sign of its agent within " + std::to_string(seconds) + " seconds (qrexec_timeout) and was ended; its console: " +
                         (house_.paths.log() / (name_ + "-console.log")).string());
    }
    co_await sleep(kStep);
  }
}

Result<void> RunningQube::make_run_folder() {
  auto const folder = house_.paths.qube_run(name_);
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  std::filesystem::create_directories(folder, error);
  if (error) return Failure{Error::from_errno("make the folder " + folder.string(), error.value())};
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  folder_made_ = true;
  // A socket of an earlier run would look as if the agent had answered.
  std::filesystem::remove(house_.paths.qrexec_sockets() / ("qrexec." + name_), error);
  write_guest_environment();
  return {};
}

Result<machine::MachineSpec> RunningQube::specification(volumes::TemplateImage const& base, machine::Accel accel) {
  Inventory const& inventory = house_.registry.inventory();
  Qube const& me = *qube();
  machine::MachineSpec spec;
  spec.name = name_;
  spec.uuid = me.uuid.text();
  spec.memory = machine::Mebibytes(static_cast<std::uint32_t>(number_of(inventory, me, "memory")));
  spec.vcpus = machine::VcpuCount(static_cast<std::uint16_t>(number_of(inventory, me, "vcpus")));
  spec.accel = accel;
  spec.tsc = house_.tsc;
  spec.kernel = base.kernel;
  spec.initrd = base.initrd;
  spec.cmdline = base.cmdline;
  spec.root_image = base.root;
  spec.overlay_folder = house_.paths.lib() / "volumes";
  spec.private_volume = volumes::private_volume(house_.paths.volumes(name_));
  spec.run_folder = house_.paths.qube_run(name_);
  spec.log_file = log_file("qemu");
  BH_CHECK(machine::check(spec));
  return spec;
}

void RunningQube::make_children() {
  ChildFacts const facts{*qube(), house_.registry.inventory(), record_.domain, record_.accel == "tcg", house_.with_display};
  for (auto& plan : plan_children(facts, house_.paths, house_.programs)) {
    SupervisedChild::Hooks hooks;
    hooks.changed = [weak = weak_from_this()] { if (auto const me = weak.lock()) me->write_processes(); };
    hooks.window_memory = [weak = weak_from_this()]() -> UniqueFd const& {
      static UniqueFd const none;
      auto const me = weak.lock();
      return me && me->machine_ ? me->machine_->window_memory() : none;
    };
    // The hub sends the file's content to the guest, clock included.
    if (plan.role == "hub") hooks.before_start = [weak = weak_from_this()] { if (auto const me = weak.lock()) me->write_guest_environment(); };
    auto const log = log_file(plan.role == "qrexec-daemon" ? "qrexec" : plan.role == "gui-daemon" ? "gui" : plan.role);
    children_.push_back(std::make_shared<SupervisedChild>(house_.io, name_, std::move(plan), log, std::move(hooks)));
  }
}

// ---- records ----

void RunningQube::write_guest_environment() {
  Qube const* const me = qube();
  if (me == nullptr) return;
  ChildFacts const facts{*me, house_.registry.inventory(), record_.domain, false, house_.with_display};
  auto const written = write_file_atomically(house_.paths.qube_run(name_) / "guest.env", guest_environment(facts, unix_now()), 0600);
  if (!written) log::error(name_ + ": " + written.error().message);
}

void RunningQube::write_processes() {
  ProcessRecords records;
  if (machine_) records["qemu"] = {machine_->pid(), machine_->start_time()};
  for (auto const& child : children_) {
    if (auto const record = child->record()) records[child->role()] = *record;
  }
  auto const written = write_file_atomically(house_.paths.qube_run(name_) / "processes.json", format_processes(records), 0600);
  if (!written) log::error(name_ + ": a later bulkheadd could not take this qube over: " + written.error().message);
}

void RunningQube::write_state() {
  auto const written = write_file_atomically(house_.paths.qube_run(name_) / "state.json", format_state(record_), 0600);
  if (!written) log::error(name_ + ": a later bulkheadd could not take this qube over: " + written.error().message);
}

bool RunningQube::adopt(RunState const& state, ProcessRecords const& processes) {
  record_ = state;
  folder_made_ = true;
  auto const machine = processes.find("qemu");
  if (machine == processes.end()) return false;
  machine::RunningMachine running;
  running.pid = machine->second.pid;
  running.start_time = machine->second.start_time;
  running.run_folder = house_.paths.qube_run(name_);
  auto adopted = house_.vmm.adopt(running);
  if (!adopted) {
    log::warning(name_ + ": cannot be taken over: " + adopted.error().message);
    return false;
  }
  machine_ = std::move(*adopted);
  state_ = state.up ? PowerState::running : PowerState::transient;
  spawn(watch_machine());
  make_children();
  for (auto const& child : children_) {
    auto const record = processes.find(child->role());
    if (record != processes.end() && child->adopt(record->second)) continue;
    if (auto const started = child->start(); !started) log::error(name_ + ": " + child->role() + ": " + started.error().message);
  }
  write_processes();
  if (!state.up) {
    spawn([](std::shared_ptr<RunningQube> self) -> asio::awaitable<void> {
      Step const up = co_await self->wait_for_agent();
      if (!up) {
        co_await self->tear_down(up.error());
        co_return;
      }
      self->state_ = PowerState::running;
      self->record_.up = true;
      self->write_state();
      self->tell("domain-start", {{"start_guid", ""}});
      answer_all(self->when_up_, Step());
    }(shared_from_this()));
  }
  return true;
}

// ---- the machine's own doings ----

asio::awaitable<void> RunningQube::watch_machine() {
  auto const self = shared_from_this();
  auto fd = machine_->pollable().duplicate();
  if (!fd) {
    log::error(name_ + ": its machine cannot be watched: " + fd.error().message);
    machine_ended_ = "it cannot be watched";
    begin_tear_down();
    co_return;
  }
  asio::posix::stream_descriptor descriptor(house_.io, fd->release());
  while (!machine_ended_) {
    std::error_code error;
    co_await descriptor.async_wait(asio::posix::stream_descriptor::wait_read, asio::redirect_error(use_awaitable, error));
    if (error || !machine_) co_return;
    for (auto const& event : machine_->handle()) on_event(event);
  }
  // Whoever starts or stops the qube at this moment sees machine_ended_ and goes on from there.
  if (state_ == PowerState::running || state_ == PowerState::paused) {
    log::warning(name_ + ": its machine ended: " + *machine_ended_);
    begin_tear_down();
  }
}

void RunningQube::on_event(machine::MachineEvent const& event) {
  if (auto const* const stopped = std::get_if<machine::MachineStopped>(&event)) {
    machine_ended_ = std::string(machine::to_string(stopped->reason)) + (stopped->text.empty() ? "" : ": " + stopped->text);
  } else if (auto const* const lost = std::get_if<machine::MonitorLost>(&event)) {
    log::error(name_ + ": the machine's control connection is lost (" + lost->text + "); it can only be killed from here on");
  } else if (auto const* const refused = std::get_if<machine::RequestFailed>(&event)) {
    refused_request_ = refused->text;
  } else if (std::holds_alternative<machine::MachinePaused>(event) && state_ == PowerState::running) {
    state_ = PowerState::paused;
    tell("domain-paused");
  } else if (std::holds_alternative<machine::MachineResumed>(event) && state_ == PowerState::paused) {
    state_ = PowerState::running;
    tell("domain-unpaused");
  } else if (std::holds_alternative<machine::MachinePanicked>(event)) {
    log::error(name_ + ": the guest's kernel panicked");
  }
}

// ---- pausing ----

void RunningQube::pause(Done done) {
  if (state_ == PowerState::paused) return done(Step());
  if (state_ != PowerState::running) return done(Failure{admin::Exception{"QubesVMNotRunningError", name_ + " is not running"}});
  tell("domain-pre-paused");
  refused_request_.reset();
  if (auto const sent = machine_->pause(); !sent) return done(vm_error(sent.error().message));
  spawn(await_pause_state(PowerState::paused, std::move(done)));
}

void RunningQube::unpause(Done done) {
  if (state_ != PowerState::paused) return done(Failure{admin::Exception{"QubesVMNotPausedError", name_ + " is not paused"}});
  tell("domain-pre-unpaused");
  refused_request_.reset();
  if (auto const sent = machine_->resume(); !sent) return done(vm_error(sent.error().message));
  spawn(await_pause_state(PowerState::running, std::move(done)));
}

asio::awaitable<void> RunningQube::await_pause_state(PowerState wanted, Done done) {
  auto const self = shared_from_this();
  Deadline const deadline = Clock::now() + kMonitorLimit;
  while (state_ != wanted && !refused_request_ && !machine_ended_ && Clock::now() < deadline) co_await sleep(kStep);
  if (state_ == wanted) done(Step());
  else if (refused_request_) done(vm_error(name_ + ": " + *refused_request_));
  else done(vm_error(name_ + "'s machine did not answer within 5 seconds; it can be killed"));
}

// ---- ending ----

void RunningQube::shutdown(ShutdownRequest request, Done done) {
  switch (state_) {
    case PowerState::halted:
    case PowerState::dying:
      return done(Failure{admin::Exception{"QubesVMNotStartedError", name_ + " is not running"}});
    case PowerState::paused:
      if (!request.force) return done(Failure{admin::Exception{"QubesVMNotRunningError", name_ + " is paused; unpause it first, or force the shutdown"}});
      kill(std::move(done));
      return;
    case PowerState::transient:
      // What is just booting would not hear the request: it is shut down once it is up.
      return when_up([self = shared_from_this(), request, done](Step const& up) {
        if (up) self->shutdown(request, done);
        else done(Step());
      });
    case PowerState::halting:
      if (request.wait) when_gone_.push_back(std::move(done));
      else done(Step());
      return;
    case PowerState::running: break;
  }
  tell("domain-pre-shutdown", {{"force", request.force ? "True" : "False"}});
  state_ = PowerState::halting;
  if (!request.wait) {
    done(Step());
    done = [](Step const&) {};
  }
  spawn(run_shutdown(request.wait, std::move(done)));
}

asio::awaitable<void> RunningQube::run_shutdown(bool wait, Done done) {
  auto const self = shared_from_this();
  int const seconds = number_of(house_.registry.inventory(), *qube(), "shutdown_timeout");
  Deadline const deadline = Clock::now() + std::chrono::seconds(seconds);
  co_await ask_guest_to_stop();
  while (!machine_ended_ && !end_wanted_ && Clock::now() < deadline) co_await sleep(kStep);
  if (machine_ended_ || end_wanted_) {
    co_await tear_down(std::nullopt);
    done(Step());
    co_return;
  }
  state_ = PowerState::running;
  std::string const text = name_ + " did not shut down within " + std::to_string(seconds) + " seconds (shutdown_timeout); it still runs, kill it if need be";
  log::warning(text);
  tell("domain-shutdown-failed", {{"reason", text}});
  Step const late = Failure{admin::Exception{"QubesVMShutdownTimeoutError", text}};
  answer_all(when_gone_, late);
  if (wait) done(late);
}

asio::awaitable<void> RunningQube::ask_guest_to_stop() {
  auto process = spawn_plan(plan_poweroff(name_, house_.paths, house_.programs), log_file("qrexec"), nullptr);
  bool asked = false;
  if (process) {
    Deadline const limit = Clock::now() + kPoweroffCallLimit;
    while (process->running() && !machine_ended_ && Clock::now() < limit) co_await sleep(kStep);
    if (process->running()) (void)process->signal(SIGKILL);
    auto const status = process->wait(Clock::now() + kHelperGrace);
    asked = machine_ended_.has_value() || (status && *status && (*status)->code == 0);
  } else {
    log::warning(name_ + ": " + process.error().message);
  }
  if (asked || machine_ended_) co_return;
  log::warning(name_ + ": the agent did not take the request to power off; the power button is pressed instead");
  if (auto const pressed = machine_->press_power_button(); !pressed) log::warning(name_ + ": " + pressed.error().message);
}

void RunningQube::kill(Done done) {
  when_gone_.push_back(std::move(done));
  if (end_wanted_) return;
  end_wanted_ = true;
  // A start or shutdown under way sees end_wanted_ within a step and ends the qube itself.
  if (state_ == PowerState::running || state_ == PowerState::paused) begin_tear_down();
}

void RunningQube::begin_tear_down() {
  if (state_ == PowerState::dying) return;
  state_ = PowerState::dying;
  spawn(tear_down(std::nullopt));
}

asio::awaitable<void> RunningQube::tear_down(std::optional<admin::Exception> start_failure) {
  auto const self = shared_from_this();
  state_ = PowerState::dying;
  co_await stop_machine();
  co_await stop_children();
  remove_leftovers();
  state_ = PowerState::halted;
  machine_.reset();
  if (start_failure) {
    tell("domain-start-failed", {{"reason", start_failure->message}});
  } else {
    tell("domain-stopped");
    tell("domain-shutdown");
    log::info(name_ + ": stopped");
  }
  gone_();
  answer_all(when_up_, start_failure ? Step(Failure{*start_failure}) : Step(vm_error(name_ + " ended")));
  answer_all(when_gone_, Step());
}

asio::awaitable<void> RunningQube::stop_machine() {
  if (!machine_ || machine_ended_) co_return;
  if (auto const killed = machine_->kill(); !killed) log::error(name_ + ": " + killed.error().message);
  Deadline const limit = Clock::now() + kKillLimit;
  while (!machine_ended_ && Clock::now() < limit) co_await sleep(kStep);
  if (!machine_ended_) log::error(name_ + ": its machine (process " + std::to_string(machine_->pid()) + ") does not end");
}

asio::awaitable<void> RunningQube::stop_children() {
  auto const any_left = [this] {
    bool left = false;
    for (auto const& child : children_) left = left || child->running();
    return left;
  };
  for (auto const& child : children_) child->stop();
  Deadline const limit = Clock::now() + kHelperGrace;
  while (any_left() && Clock::now() < limit) co_await sleep(kStep);
  for (auto const& child : children_) child->kill_now();
  Deadline const last = Clock::now() + kHelperGrace;
  while (any_left() && Clock::now() < last) co_await sleep(kStep);
  if (any_left()) log::error(name_ + ": a helper does not end");
  children_.clear();
}

void RunningQube::remove_leftovers() {
  if (!folder_made_) return;
  std::error_code error;
  // Why a guest did not come up is told by its console, so that survives the run folder.
  auto const console = house_.paths.qube_run(name_) / "console.log";
  if (std::filesystem::exists(console, error)) {
    std::filesystem::copy_file(console, house_.paths.log() / (name_ + "-console.log"), std::filesystem::copy_options::overwrite_existing, error);
  }
  std::filesystem::remove_all(house_.paths.qube_run(name_), error);
  // Names that a helper that was killed could not take away itself.
  std::string const domain = std::to_string(record_.domain.value());
  for (auto const& socket : {"qrexec." + name_, "qrexec." + domain}) std::filesystem::remove(house_.paths.qrexec_sockets() / socket, error);
  for (auto const& entry : std::filesystem::directory_iterator(house_.paths.vchan_sockets(), error)) {
    std::string const file = entry.path().filename().string();
    std::size_t const client = file.find('.', 6);
    bool const serves = file.starts_with("vchan." + domain + ".");
    bool const served = client != std::string::npos && file.compare(client, domain.size() + 2, "." + domain + ".") == 0;
    if (serves || served) std::filesystem::remove(entry.path(), error);
  }
}

}  // namespace bh::dom0
