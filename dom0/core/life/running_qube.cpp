// Starting.
#include <asio/thread_pool.hpp>

#include "base/file_tail.h"
#include "base/log.h"
#include "dom0/core/life/guest_complaint.h"
#include "dom0/core/life/machine_shape.h"
#include "dom0/core/life/process_stats.h"
#include "dom0/core/life/running_qube_parts.h"
#include "dom0/core/model/property.h"
#include "hypervisor/volumes/private_volume.h"

namespace bh::dom0 {

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
  if (record_.up) info.timing = timing_.text();
  return info;
}

void RunningQube::start(StartPlan plan) { spawn(run_start(std::move(plan))); }

asio::awaitable<void> RunningQube::run_start(StartPlan plan) {
  auto const self = shared_from_this();
  timing_.begin(Clock::now());
  start_guid_ = random_uuid().text();
  tell("domain-pre-start", {{"start_guid", start_guid_}, {"mem_required", std::to_string(number_of(house_.registry.inventory(), *qube(), "memory") * (1LL << 20))}});
  Step const result = co_await bring_up(std::move(plan));
  if (!result) {
    log::error(name_ + ": start failed: " + result.error().message);
    co_await tear_down(result.error());
    co_return;
  }
  started();
}

void RunningQube::started() {
  state_ = PowerState::running;
  record_.up = true;
  write_state();
  log::info(name_ + ": running, domain " + std::to_string(record_.domain.value()) + (start_guid_.empty() ? "" : " (" + timing_.text() + ")"));
  if (!start_guid_.empty()) tell("bulkhead:start-timing", timing_.values());
  tell("domain-start", {{"start_guid", start_guid_}});
  answer_all(when_up_, Step());
  changed_.notify();
}

asio::awaitable<RunningQube::Step> RunningQube::bring_up(StartPlan plan) {
  Step const needs = co_await bring_up_needs(plan);
  if (!needs) co_return needs;
  machine::Accel const accel = co_await ask_accel(plan.base);
  if (end_wanted_) co_return vm_error(name_ + " was killed while it started");
  if (house_.may_start) {
    if (auto const allowed = house_.may_start(*qube(), accel); !allowed) co_return vm_error(allowed.error().message);
  }
  auto const domain = house_.registry.next_domain_id();
  if (!domain) co_return vm_error(domain.error().message);
  record_ = {*domain, unix_now(), machine::to_string(accel), false};
  if (auto const made = make_run_folder(); !made) co_return vm_error(made.error().message);
  if (plan.private_source) {
    Step const copied = co_await copy_private_volume(*plan.private_source);
    if (!copied) co_return copied;
  } else {
    Step const begun = co_await begin_private_volume();
    if (!begun) co_return begun;
  }
  auto spec = specification(plan.base, accel);
  if (!spec) co_return vm_error(spec.error().message);
  WarmWish const warm = warm_wish(house_.registry.inventory(), *qube());
  // A name of its own: GCC 12 destroys aggregates that are made inside a co_await twice.
  SnapshotWish wish{*spec, plan.base.hash, warm.tag};
  auto snapshot = co_await choose_snapshot(std::move(wish), warm);
  timing_.mark("prepare", Clock::now());
  if (end_wanted_) co_return vm_error(name_ + " was killed while it started");
  if (snapshot) {
    Step const restored = co_await start_warm(*spec, std::move(*snapshot));
    if (restored || end_wanted_) co_return restored;
    Step const cleared = co_await turn_cold(restored.error().message);
    if (!cleared) co_return cleared;
    if (plan.private_source) {
      // The clone may have written to it.
      Step const copied = co_await copy_private_volume(*plan.private_source);
      if (!copied) co_return copied;
    }
  }
  co_return co_await start_cold(std::move(*spec));
}

asio::awaitable<RunningQube::Step> RunningQube::bring_up_needs(StartPlan const& plan) {
  if (!plan.needs) co_return Step();
  auto const answer = std::make_shared<std::optional<Step>>();
  plan.needs([answer, weak = weak_from_this()](Step const& result) {
    *answer = result;
    if (auto const me = weak.lock()) me->changed_.notify();
  });
  // What is started there keeps its own deadlines.
  auto const answered = [this, answer] { return answer->has_value() || end_wanted_; };
  co_await changed_.wait_until(answered, Deadline::max());
  timing_.mark("netvm", Clock::now());
  if (end_wanted_) co_return vm_error(name_ + " was killed while it started");
  co_return **answer;
}

// GUARD: what a disposable writes must never reach the volume it began with, so it gets a copy, in dom0's hand from the first byte.
asio::awaitable<RunningQube::Step> RunningQube::copy_private_volume(std::filesystem::path source) {
  auto const copy = [](std::filesystem::path from, std::filesystem::path to) -> asio::awaitable<Result<void>> {
    (void)volumes::remove_private_volume(to);
    co_return volumes::copy_private_volume(from, to);
  };
  Result<void> const copied = co_await asio::co_spawn(house_.workers, copy(source.parent_path(), house_.paths.volumes(name_)), asio::use_awaitable);
  if (!copied) co_return vm_error(name_ + " gets no private volume: " + copied.error().message);
  if (end_wanted_) co_return vm_error(name_ + " was killed while it started");
  co_return Step();
}

asio::awaitable<RunningQube::Step> RunningQube::start_cold(machine::MachineSpec spec) {
  if (auto const launched = launch(spec); !launched) co_return launched;
  make_children();
  for (bool const hub : {true, false}) {
    if (auto const started = start_children(hub); !started) co_return started;
  }
  timing_.mark("spawn", Clock::now());
  Step const up = co_await wait_for_agent();
  if (up) timing_.mark("boot", Clock::now());
  co_return up;
}

RunningQube::Step RunningQube::launch(machine::MachineSpec const& spec) {
  tell("domain-pre-spawn", {{"start_guid", start_guid_}});
  machine_up_ = false;
  auto machine = house_.vmm.start(spec);
  if (!machine) return vm_error("the machine did not start: " + machine.error().message);
  machine_ = std::move(*machine);
  oom_kills_before_ = host_oom_kills();
  write_processes();
  write_state();
  spawn(watch_machine());
  tell("domain-spawn", {{"start_guid", start_guid_}});
  return Step();
}

// The hub, or all the others.
RunningQube::Step RunningQube::start_children(bool hub) {
  for (auto const& child : children_) {
    if ((child->role() == "hub") != hub) continue;
    if (auto const started = child->start(); !started) return vm_error(started.error().message);
  }
  return Step();
}

asio::awaitable<machine::Accel> RunningQube::ask_accel(volumes::TemplateImage const& base) {
  auto const answer = std::make_shared<std::optional<machine::Accel>>();
  house_.accel(base, [answer, weak = weak_from_this()](machine::Accel accel) {
    *answer = accel;
    if (auto const me = weak.lock()) me->changed_.notify();
  });
  // The probe has a deadline of its own.
  auto const answered = [this, answer] { return answer->has_value() || end_wanted_; };
  co_await changed_.wait_until(answered, Deadline::max());
  co_return answer->value_or(machine::Accel::tcg);
}

// Why there is nothing more to wait for; nullopt: go on.
std::optional<admin::Exception> RunningQube::start_is_over() const {
  if (machine_ended_) {
    std::string const said = guest_said();
    return admin::Exception{"QubesVMError", name_ + "'s machine ended while it started: " + *machine_ended_ + said + " (see " +
                                                log_file(said.empty() ? "qemu" : "console").string() + ")"};
  }
  if (end_wanted_) return admin::Exception{"QubesVMError", name_ + " was killed while it started"};
  return std::nullopt;
}

asio::awaitable<RunningQube::Step> RunningQube::wait_for_agent() {
  int const seconds = number_of(house_.registry.inventory(), *qube(), "qrexec_timeout");
  Deadline const deadline = Clock::now() + std::chrono::seconds(seconds);
  auto const socket = house_.paths.qrexec_sockets() / ("qrexec." + name_);
  auto const watch = house_.qrexec_sockets.subscribe([this] { changed_.notify(); });
  if (!watch) co_return vm_error(watch.error().message);
  std::error_code error;
  auto const decided = [&] { return machine_ended_ || end_wanted_ || std::filesystem::exists(socket, error); };
  bool const in_time = co_await changed_.wait_until(decided, deadline);
  if (auto over = start_is_over()) co_return Failure{std::move(*over)};
  if (in_time) co_return Step();
  co_return vm_error(name_ + " gave no sign of its agent within " + std::to_string(seconds) + " seconds (qrexec_timeout) and was ended" + guest_said() +
                     "; its console: " + (house_.paths.log() / (name_ + "-console.log")).string());
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
  machine::MachineSpec spec = machine_shape(inventory, me, base, accel, house_.tsc);
  record_.wires = spec.wires.value();
  spec.name = name_;
  spec.uuid = me.uuid.text();
  spec.overlay_folder = house_.paths.lib() / "volumes";
  spec.private_volume = private_volume_.value_or(volumes::private_volume(house_.paths.volumes(name_)));
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
    hooks.ended = [weak = weak_from_this()] { if (auto const me = weak.lock()) me->changed_.notify(); };
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

}  // namespace bh::dom0
