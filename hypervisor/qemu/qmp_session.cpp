#include "hypervisor/qemu/qmp_session.h"

#include <utility>

#include "base/number.h"

namespace bh::qemu {

using namespace machine;

namespace {

constexpr std::size_t kMaxWaiting = 32;

// The slot of a card of ours.
std::optional<WireSlot> slot_of(std::string_view device) {
  if (!device.starts_with("card")) return std::nullopt;
  auto const number = parse_decimal(device.substr(4), kMaxWires.value() - 1U);
  if (!number) return std::nullopt;
  return WireSlot(static_cast<std::uint16_t>(*number));
}

RequestFailed failed(Request request, std::string const& text) { return RequestFailed{std::string(to_string(request)) + ": " + text, request}; }

}  // namespace

void QmpSession::send(QmpCommand const& command, Phase phase) {
  outgoing_ += to_line(command, next_id_);
  attached_ = command.attached;
  asked_ = Asked{next_id_++, phase};
}

void QmpSession::sent(std::size_t count) {
  outgoing_.erase(0, count);
  // QEMU has it now; keeping it would keep a peer of the socket from seeing its end.
  if (count > 0) attached_.reset();
}

bool QmpSession::may_begin(QmpJob const& job) const {
  // A machine that waits for its memory or reads its state does nothing else.
  return stage_ == RestoreStage::none || stage_ == RestoreStage::running || job.kind != JobKind::asked;
}

void QmpSession::send_next() {
  if (asked_ || !known_) return;
  if (!undo_.empty()) {
    send(undo_.front(), Phase::undo);
    undo_.pop_front();
  } else if (!jobs_.empty() && may_begin(jobs_.front())) {
    send(jobs_.front().commands[step_], Phase::job);
    // Ours no longer, once it is sent.
    jobs_.front().commands[step_].attached.reset();
  }
}

QmpSession QmpSession::begun_anew(std::uint64_t first_id) const {
  BH_ASSERT(!known_);
  QmpSession next(first_id, stage_);
  next.jobs_ = jobs_;
  next.cause_ = cause_;
  return next;
}

bool QmpSession::request(QmpJob job) {
  if (jobs_.size() >= kMaxWaiting) return false;
  if (job.request == Request::save) save_ = Save::none;
  jobs_.push_back(std::move(job));
  send_next();
  return true;
}

void QmpSession::load() {
  BH_ASSERT(stage_ == RestoreStage::ready);
  stage_ = RestoreStage::loading;
  // Before whatever was asked of the machine meanwhile: it does not run yet.
  jobs_.push_front(job::restore());
  send_next();
}

Result<std::vector<MachineEvent>, QmpFault> QmpSession::feed(ByteSpan bytes) {
  Events events;
  std::string_view text = as_text(bytes);
  while (!text.empty()) {
    std::size_t const end = text.find('\n');
    std::string_view const piece = text.substr(0, end);
    // GUARD: a line without end would take all memory.
    if (line_.size() + piece.size() > kMaxQmpLine) return Failure{QmpFault::line_too_long};
    line_ += piece;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
    std::string line = std::exchange(line_, {});
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    BH_TRY(message, parse_qmp_message(Untrusted<std::string_view>(line)));
    BH_CHECK(take(message, events));
  }
  return events;
}

Result<void, QmpFault> QmpSession::take(QmpMessage const& message, Events& events) {
  BH_CHECK(std::visit([&](auto const& known) { return on(known, events); }, message));
  send_next();
  return {};
}

Result<void, QmpFault> QmpSession::on(QmpGreeting const&, Events&) {
  if (std::exchange(greeted_, true)) return Failure{QmpFault::unexpected};
  send(command::plain("qmp_capabilities"), Phase::capabilities);
  return {};
}

Result<QmpSession::Phase, QmpFault> QmpSession::answered(std::uint64_t id) {
  // GUARD: an answer to what was not asked.
  if (!asked_ || asked_->id != id) return Failure{QmpFault::unexpected};
  return std::exchange(asked_, std::nullopt)->phase;
}

Result<void, QmpFault> QmpSession::on(QmpReturn const& answer, Events& events) {
  if (!of_this_session(answer.id)) return {};
  BH_TRY(phase, answered(answer.id));
  switch (phase) {
    case Phase::capabilities: send(command::plain("query-status"), Phase::status); break;
    case Phase::status: return on_status(answer.run_state, events);
    case Phase::job: on_step_done(events); break;
    case Phase::undo: break;
  }
  return {};
}

Result<void, QmpFault> QmpSession::on_status(std::optional<RunState> state, Events& events) {
  if (!state) return Failure{QmpFault::unexpected};
  if (*state == RunState::incoming && stage_ == RestoreStage::none) return Failure{QmpFault::half_restored};
  known_ = true;
  if (stage_ == RestoreStage::waiting) {
    // GUARD: a QEMU that claims to run before it was given its state.
    if (*state != RunState::incoming) return Failure{QmpFault::unexpected};
    stage_ = RestoreStage::ready;
    return {};
  }
  events.emplace_back(MachineUp{});
  if (*state == RunState::paused) events.emplace_back(MachinePaused{});
  return {};
}

void QmpSession::on_step_done(Events& events) {
  if (++step_ < jobs_.front().commands.size()) return;
  step_ = 0;
  QmpJob const job = std::move(jobs_.front());
  jobs_.pop_front();
  if (job.kind == JobKind::asked && job.request == Request::save && save_ == Save::none) save_ = Save::running;
  if (job.kind == JobKind::wake) stage_ = RestoreStage::running;
  events.insert(events.end(), job.done.begin(), job.done.end());
}

Result<void, QmpFault> QmpSession::on(QmpError const& error, Events& events) {
  // Without an id it answers a line that QEMU could not read; ours are well formed.
  if (!error.id) return Failure{QmpFault::unexpected};
  if (!of_this_session(*error.id)) return {};
  BH_TRY(phase, answered(*error.id));
  if (phase == Phase::capabilities || phase == Phase::status) return Failure{QmpFault::unexpected};
  if (phase == Phase::job && step_ < jobs_.front().forgiven) on_step_done(events);
  else if (phase == Phase::job) on_refusal(error.text, events);
  return {};
}

void QmpSession::on_refusal(std::string const& text, Events& events) {
  step_ = 0;
  QmpJob job = std::move(jobs_.front());
  jobs_.pop_front();
  undo_.assign(job.undo.begin(), job.undo.end());
  if (job.kind == JobKind::asked) events.emplace_back(failed(job.request, text));
  else restore_failure_ = text;
}

void QmpSession::on_disk_error(QmpEvent const& event, Events& events) {
  auto const volume = volume_of(event.subject);
  // One failed write stands for all until the machine runs again: a guest could make thousands.
  if (!volume || !event.stopped || !told_errors_.insert(*volume).second) return;
  if (event.no_space) events.emplace_back(VolumeFull{*volume});
  else events.emplace_back(VolumeFailed{*volume, event.text});
}

Result<void, QmpFault> QmpSession::on_transfer(bool well, Events& events) {
  if (stage_ == RestoreStage::loading) {
    // GUARD: an end before the beginning was even answered, or two ends.
    if (!jobs_.empty() && jobs_.front().kind != JobKind::asked) return Failure{QmpFault::unexpected};
    if (well) jobs_.push_front(job::wake());
    else restore_failure_ = "QEMU could not load the saved state";
    return {};
  }
  // The event may come before the command's own answer.
  bool const asked = !jobs_.empty() && jobs_.front().request == Request::save && step_ + 1 == jobs_.front().commands.size();
  if (save_ != Save::running && !asked) return {};
  save_ = well ? Save::done : Save::failed;
  if (!well) events.emplace_back(failed(Request::save, "QEMU could not write its state"));
  return {};
}

Result<void, QmpFault> QmpSession::on(QmpEvent const& event, Events& events) {
  auto const slot = slot_of(event.subject);
  switch (event.kind) {
    case QmpEventKind::stop: events.emplace_back(MachinePaused{}); break;
    case QmpEventKind::resume:
      told_errors_.clear();
      // The end of a restore is told as MachineUp.
      if (stage_ == RestoreStage::none || stage_ == RestoreStage::running) events.emplace_back(MachineResumed{});
      break;
    case QmpEventKind::panicked: events.emplace_back(MachinePanicked{}); break;
    case QmpEventKind::shutdown: cause_ = event.cause; break;
    case QmpEventKind::disk_error: on_disk_error(event, events); break;
    case QmpEventKind::balloon: events.emplace_back(BalloonChanged{ByteCount(event.bytes)}); break;
    case QmpEventKind::device_deleted:
      // GUARD: a guest that plugs and pulls without end would fill the queue; request() refuses then and the socket stays.
      if (slot && !request(job::release_wire(*slot))) events.emplace_back(failed(Request::detach_wire, "too much is asked of QEMU at once"));
      break;
    case QmpEventKind::unplug_refused:
      if (slot) events.emplace_back(failed(Request::detach_wire, "the guest does not let go of its card"));
      break;
    case QmpEventKind::transfer_done: return on_transfer(true, events);
    case QmpEventKind::transfer_failed: return on_transfer(false, events);
    case QmpEventKind::reset:
    case QmpEventKind::other: break;
  }
  return {};
}

}  // namespace bh::qemu
