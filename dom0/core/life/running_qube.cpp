// Starting, the machine's events, pausing.
#include <asio/posix/stream_descriptor.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>

#include "base/file_tail.h"
#include "base/log.h"
#include "dom0/core/life/guest_complaint.h"
#include "dom0/core/life/running_qube_parts.h"
#include "dom0/core/model/property.h"
#include "hypervisor/volumes/private_volume.h"

namespace bh::dom0 {

using asio::use_awaitable;

namespace {
std::int64_t unix_now() { return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count(); }
}  // namespace

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
  while (!*answer && !end_wanted_) co_await sleep(kStep);
  co_return answer->value_or(machine::Accel::tcg);
}

asio::awaitable<RunningQube::Step> RunningQube::wait_for_agent() {
  int const seconds = number_of(house_.registry.inventory(), *qube(), "qrexec_timeout");
  Deadline const deadline = Clock::now() + std::chrono::seconds(seconds);
  auto const socket = house_.paths.qrexec_sockets() / ("qrexec." + name_);
  for (;;) {
    if (machine_ended_) {
      std::string const said = guest_said();
      co_return vm_error(name_ + "'s machine ended while it started: " + *machine_ended_ + said + " (see " + log_file(said.empty() ? "qemu" : "console").string() + ")");
    }
    if (end_wanted_) co_return vm_error(name_ + " was killed while it started");
    std::error_code error;
    if (std::filesystem::exists(socket, error)) co_return Step();
    if (Clock::now() >= deadline) {
      co_return vm_error(name_ + " gave no sign of its agent within " + std::to_string(seconds) + " seconds (qrexec_timeout) and was ended" + guest_said() + "; its console: " +
                         (house_.paths.log() / (name_ + "-console.log")).string());
    }
    co_await sleep(kStep);
  }
}

std::string RunningQube::guest_said() const {
  auto console = read_file_tail(machine::console_log(house_.paths.qube_run(name_)), 65536);
  if (!console) return "";
  auto const complaint = guest_complaint(Untrusted<std::string>(std::move(*console)));
  return complaint ? "; it said: \"" + *complaint + "\"" : "";
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
    // QEMU stops a machine whose writes find no room; to its user it would just be frozen.
    if (!pause_asked_) log::warning(name_ + ": paused without having been asked; is the disk full? Then free some space and unpause it");
    state_ = PowerState::paused;
    tell("domain-paused");
  } else if (std::holds_alternative<machine::MachineResumed>(event) && state_ == PowerState::paused) {
    state_ = PowerState::running;
    pause_asked_ = false;
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
  pause_asked_ = true;
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

}  // namespace bh::dom0
