// What the machine does by itself, and stopping and starting its processors.
#include <asio/posix/stream_descriptor.hpp>

#include "base/file_tail.h"
#include "base/log.h"
#include "dom0/core/life/guest_complaint.h"
#include "dom0/core/life/process_stats.h"
#include "dom0/core/life/running_qube_parts.h"

namespace bh::dom0 {

using asio::use_awaitable;

asio::awaitable<void> RunningQube::watch_machine() {
  auto const self = shared_from_this();
  auto* const watched = machine_.get();
  auto fd = machine_->pollable().duplicate();
  if (!fd) {
    log::error(name_ + ": its machine cannot be watched: " + fd.error().message);
    machine_ended_ = "it cannot be watched";
    changed_.notify();
    begin_tear_down();
    co_return;
  }
  asio::posix::stream_descriptor descriptor(house_.io, fd->release());
  while (!machine_ended_) {
    std::error_code error;
    co_await descriptor.async_wait(asio::posix::stream_descriptor::wait_read, asio::redirect_error(use_awaitable, error));
    if (error || machine_.get() != watched) co_return;
    for (auto const& event : machine_->handle()) on_event(event);
    changed_.notify();
  }
  // Whoever starts or stops the qube at this moment sees machine_ended_ and goes on from there.
  bool const was_up = state_ == PowerState::running || state_ == PowerState::paused || state_ == PowerState::suspended;
  if (!was_up) co_return;
  died_of_ = *machine_ended_;
  log::warning(name_ + ": its machine ended: " + died_of_);
  tell("bulkhead:qube-ended", {{"reason", died_of_}});
  begin_tear_down();
}

machine::Machine* RunningQube::machine_for_cards() const {
  bool const ending = state_ == PowerState::dying || state_ == PowerState::halted;
  return (record_.up || reseeded_) && machine_ && !machine_ended_ && !ending ? machine_.get() : nullptr;
}

void RunningQube::on_event(machine::MachineEvent const& event) {
  if (house_.card_event) house_.card_event(record_.domain, event);
  if (auto const* const stopped = std::get_if<machine::MachineStopped>(&event)) {
    machine_ended_ = std::string(machine::to_string(stopped->reason)) + (stopped->text.empty() ? "" : ": " + stopped->text);
    // A kernel that panics reboots (panic=-1), which ends the machine; why, only its console tells.
    if (stopped->reason == machine::StopReason::guest_reset) {
      auto console = read_file_tail(machine::console_log(house_.paths.qube_run(name_)), 65536);
      auto const panic = console ? guest_panic(Untrusted<std::string>(std::move(*console))) : std::nullopt;
      if (panic) *machine_ended_ += "; its console says that its kernel panicked: \"" + *panic + "\"";
    }
    // A killed process cannot say who did it; the kernel counts what it killed for want of memory.
    if (stopped->reason == machine::StopReason::killed && !end_wanted_ && host_oom_kills() > oom_kills_before_) {
      *machine_ended_ += " (the kernel ended processes because memory ran out, most likely this one too)";
    }
  } else if (std::holds_alternative<machine::MachineUp>(event)) {
    machine_up_ = true;
  } else if (auto const* const restored = std::get_if<machine::MachineRestored>(&event)) {
    restored_ = *restored;
  } else if (auto const* const lost = std::get_if<machine::MonitorLost>(&event)) {
    log::error(name_ + ": the machine's control connection is lost (" + lost->text + "); it can only be killed from here on");
  } else if (auto const* const refused = std::get_if<machine::RequestFailed>(&event)) {
    refused_request_ = refused->text;
  } else if (auto const* const full = std::get_if<machine::VolumeFull>(&event)) {
    volume_is_full(full->volume);
  } else if (auto const* const resized = std::get_if<machine::VolumeResized>(&event)) {
    resized_ = resized->volume;
  } else if (std::holds_alternative<machine::MachinePaused>(event) && state_ == PowerState::running) {
    // QEMU stops a machine whose writes find no room; to its user it would just be frozen.
    if (!pause_asked_) log::warning(name_ + ": paused without having been asked; is the disk full? Then free some space and unpause it");
    state_ = pause_asked_ ? pause_wanted_ : PowerState::paused;
    tell("domain-paused");
  } else if (std::holds_alternative<machine::MachineResumed>(event) && (state_ == PowerState::paused || state_ == PowerState::suspended)) {
    tell(state_ == PowerState::suspended ? "domain-resumed" : "domain-unpaused");
    state_ = PowerState::running;
    pause_asked_ = false;
  } else if (std::holds_alternative<machine::MachinePanicked>(event)) {
    log::error(name_ + ": the guest's kernel panicked");
  }
}

// ---- pausing and suspending: the same to a machine without devices of the host's ----

void RunningQube::pause(Done done) {
  if (state_ == PowerState::paused) return done(Step());
  if (state_ != PowerState::running) return done(Failure{admin::Exception{"QubesVMNotRunningError", name_ + " is not running"}});
  stop_processors(PowerState::paused, std::move(done));
}

void RunningQube::unpause(Done done) {
  if (state_ != PowerState::paused) return done(Failure{admin::Exception{"QubesVMNotPausedError", name_ + " is not paused"}});
  let_processors_run(std::move(done));
}

void RunningQube::suspend(Done done) {
  if (state_ == PowerState::suspended) return done(Step());
  if (state_ != PowerState::running) return done(Failure{admin::Exception{"QubesVMNotRunningError", name_ + " is not running"}});
  stop_processors(PowerState::suspended, std::move(done));
}

void RunningQube::resume(Done done) {
  if (state_ != PowerState::suspended) return done(Failure{admin::Exception{"QubesVMNotSuspendedError", name_ + " is not suspended"}});
  let_processors_run(std::move(done));
}

void RunningQube::stop_processors(PowerState wanted, Done done) {
  tell("domain-pre-paused");
  pause_asked_ = true;
  pause_wanted_ = wanted;
  refused_request_.reset();
  if (auto const sent = machine_->pause(); !sent) return done(vm_error(sent.error().message));
  spawn(await_pause_state(wanted, std::move(done)));
}

void RunningQube::let_processors_run(Done done) {
  tell("domain-pre-unpaused");
  refused_request_.reset();
  if (auto const sent = machine_->resume(); !sent) return done(vm_error(sent.error().message));
  spawn(await_pause_state(PowerState::running, std::move(done)));
}

asio::awaitable<void> RunningQube::await_pause_state(PowerState wanted, Done done) {
  auto const self = shared_from_this();
  auto const decided = [this, wanted] { return state_ == wanted || refused_request_ || machine_ended_; };
  co_await changed_.wait_until(decided, Clock::now() + kMonitorLimit);
  if (state_ == wanted) done(Step());
  else if (refused_request_) done(vm_error(name_ + ": " + *refused_request_));
  else done(vm_error(name_ + "'s machine did not answer within 5 seconds; it can be killed"));
}

}  // namespace bh::dom0
