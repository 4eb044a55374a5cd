// Ending: asked, forced, or because the machine is gone; and clearing away what is left.
#include <signal.h>

#include <asio/posix/stream_descriptor.hpp>

#include "base/log.h"
#include "dom0/core/life/running_qube_parts.h"
#include "dom0/core/life/vchan_leftovers.h"
#include "dom0/core/model/property.h"
#include "hypervisor/volumes/private_volume.h"

namespace bh::dom0 {

void RunningQube::shutdown(ShutdownRequest request, Done done) {
  switch (state_) {
    case PowerState::halted:
    case PowerState::dying:
      return done(Failure{admin::Exception{"QubesVMNotStartedError", name_ + " is not running"}});
    case PowerState::paused:
    case PowerState::suspended:
      if (!request.force) return done(Failure{admin::Exception{"QubesVMNotRunningError", name_ + " is paused or suspended; let it go on first, or force the shutdown"}});
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
  bool const asked = co_await ask_guest_to_stop();
  Deadline next_press = Clock::now() + (asked ? kPoweroffPatience : std::chrono::seconds(0));
  auto const over = [this] { return machine_ended_ || end_wanted_; };
  while (!co_await changed_.wait_until(over, std::min(deadline, next_press))) {
    if (Clock::now() >= deadline) break;
    // Again and again: a guest hears its button only once its systemd listens, and forgets what was pressed before.
    if (auto const pressed = machine_->press_power_button(); !pressed) log::warning(name_ + ": " + pressed.error().message);
    next_press = Clock::now() + kPressInterval;
  }
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

asio::awaitable<bool> RunningQube::ask_guest_to_stop() {
  auto process = spawn_plan(plan_poweroff(name_, house_.paths, house_.programs), log_file("qrexec"), nullptr);
  bool asked = false;
  if (process) {
    if (!co_await wait_for_exit(*process, Clock::now() + kPoweroffCallLimit)) (void)process->signal(SIGKILL);
    auto const status = process->wait(Clock::now() + kHelperGrace);
    asked = machine_ended_.has_value() || (status && *status && (*status)->code == 0);
  } else {
    log::warning(name_ + ": " + process.error().message);
  }
  if (!asked && !end_wanted_) log::warning(name_ + ": the agent did not take the request to power off; the power button is pressed instead");
  co_return asked;
}

// False: it still runs, because the time is over or nobody needs its answer any more.
asio::awaitable<bool> RunningQube::wait_for_exit(ChildProcess const& process, Deadline limit) {
  auto fd = process.pidfd().duplicate();
  if (!fd) co_return !process.running();
  asio::posix::stream_descriptor descriptor(house_.io, fd->release());
  descriptor.async_wait(asio::posix::stream_descriptor::wait_read, [weak = weak_from_this()](std::error_code) {
    if (auto const me = weak.lock()) me->changed_.notify();
  });
  auto const over = [&] { return !process.running() || machine_ended_ || end_wanted_; };
  co_await changed_.wait_until(over, limit);
  co_return !process.running();
}

void RunningQube::kill(Done done) {
  when_gone_.push_back(std::move(done));
  if (end_wanted_) return;
  end_wanted_ = true;
  changed_.notify();
  // A start or shutdown under way was woken by that and ends the qube itself.
  if (state_ == PowerState::running || state_ == PowerState::paused || state_ == PowerState::suspended) begin_tear_down();
}

void RunningQube::begin_tear_down() {
  if (state_ == PowerState::dying) return;
  state_ = PowerState::dying;
  spawn(tear_down(std::nullopt));
}

asio::awaitable<void> RunningQube::tear_down(std::optional<admin::Exception> start_failure) {
  auto const self = shared_from_this();
  state_ = PowerState::dying;
  co_await stop_processes();
  co_await settle_private_volume();
  remove_leftovers();
  remove_transient_volumes();
  state_ = PowerState::halted;
  machine_.reset();
  if (start_failure) {
    died_of_ = start_failure->message;
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

// Machine and helpers at once, so that a kill takes no longer than the slowest of them.
asio::awaitable<void> RunningQube::stop_processes() {
  bool const has_machine = machine_ != nullptr && !machine_ended_;
  if (has_machine) {
    if (auto const killed = machine_->kill(); !killed) log::error(name_ + ": " + killed.error().message);
  }
  for (auto const& child : children_) child->stop();
  auto const helpers_gone = [this] { return std::none_of(children_.begin(), children_.end(), [](auto const& child) { return child->running(); }); };
  auto const machine_gone = [this] { return machine_ == nullptr || machine_ended_; };
  Deadline const limit = Clock::now() + kKillLimit;
  if (!co_await changed_.wait_until(helpers_gone, Clock::now() + kHelperGrace)) {
    for (auto const& child : children_) child->kill_now();
  }
  auto const all_gone = [&] { return helpers_gone() && machine_gone(); };
  co_await changed_.wait_until(all_gone, limit);
  if (!machine_gone()) log::error(name_ + ": its machine (process " + std::to_string(machine_->pid()) + ") does not end");
  if (!helpers_gone()) log::error(name_ + ": a helper does not end");
  children_.clear();
}

// A disposable's data ends with it.
void RunningQube::remove_transient_volumes() {
  Qube const* const me = qube();
  if (me == nullptr || me->klass != QubeClass::disposable) return;
  if (auto const gone = volumes::remove_private_volume(house_.paths.volumes(name_)); !gone) log::error(name_ + ": " + gone.error().message);
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
  std::string const uuid = qube() == nullptr ? "" : qube()->uuid.text();
  for (auto const& socket : {"qrexec." + name_, "qrexec." + domain, "qrexec.uuid:" + uuid}) std::filesystem::remove(house_.paths.qrexec_sockets() / socket, error);
  remove_vchan_names(house_.paths.vchan_sockets(), record_.domain);
}

}  // namespace bh::dom0
