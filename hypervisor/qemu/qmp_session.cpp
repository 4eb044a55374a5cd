#include "hypervisor/qemu/qmp_session.h"

#include <utility>

namespace bh::qemu {

using namespace machine;

namespace {
constexpr std::size_t kMaxUnanswered = 32;
}

void QmpSession::send(Asked what) {
  char const* name = "";
  switch (what) {
    case Asked::capabilities: name = "qmp_capabilities"; break;
    case Asked::status: name = "query-status"; break;
    case Asked::stop: name = "stop"; break;
    case Asked::cont: name = "cont"; break;
    case Asked::power_button: name = "system_powerdown"; break;
  }
  outgoing_ += qmp_command(name, next_id_);
  unanswered_.emplace(next_id_++, what);
}

QmpSession QmpSession::begun_anew(std::uint64_t first_id) const {
  QmpSession next(first_id);
  next.waiting_ = waiting_;
  next.cause_ = cause_;
  return next;
}

bool QmpSession::request(QmpRequest request) {
  if (unanswered_.size() + waiting_.size() >= kMaxUnanswered) return false;
  Asked asked = Asked::stop;
  switch (request) {
    case QmpRequest::stop: asked = Asked::stop; break;
    case QmpRequest::cont: asked = Asked::cont; break;
    case QmpRequest::system_powerdown: asked = Asked::power_button; break;
  }
  if (ready_) send(asked);
  else waiting_.push_back(asked);
  return true;
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
  return std::visit([&](auto const& known) { return on(known, events); }, message);
}

Result<void, QmpFault> QmpSession::on(QmpGreeting const&, Events&) {
  if (std::exchange(greeted_, true)) return Failure{QmpFault::unexpected};
  send(Asked::capabilities);
  return {};
}

Result<void, QmpFault> QmpSession::on(QmpReturn const& answer, Events& events) {
  if (!of_this_session(answer.id)) return {};
  auto const found = unanswered_.find(answer.id);
  if (found == unanswered_.end()) return Failure{QmpFault::unexpected};
  Asked const asked = found->second;
  unanswered_.erase(found);
  if (asked == Asked::capabilities) {
    ready_ = true;
    send(Asked::status);
    for (Asked const waiting : std::exchange(waiting_, {})) send(waiting);
  }
  if (asked == Asked::status) {
    if (!answer.run_state) return Failure{QmpFault::unexpected};
    up_ = true;
    events.emplace_back(MachineUp{});
    if (*answer.run_state == RunState::paused) events.emplace_back(MachinePaused{});
  }
  return {};
}

Result<void, QmpFault> QmpSession::on(QmpError const& error, Events& events) {
  // Without an id it answers a line that QEMU could not read; ours are constants.
  if (!error.id) return Failure{QmpFault::unexpected};
  if (!of_this_session(*error.id)) return {};
  auto const found = unanswered_.find(*error.id);
  if (found == unanswered_.end()) return Failure{QmpFault::unexpected};
  Asked const asked = found->second;
  unanswered_.erase(found);
  if (asked == Asked::capabilities || asked == Asked::status) return Failure{QmpFault::unexpected};
  Request const request = asked == Asked::stop ? Request::pause : asked == Asked::cont ? Request::resume : Request::power_button;
  events.emplace_back(RequestFailed{std::string(to_string(request)) + ": " + error.text, request});
  return {};
}

Result<void, QmpFault> QmpSession::on(QmpEvent const& event, Events& events) {
  switch (event.kind) {
    case QmpEventKind::stop: events.emplace_back(MachinePaused{}); break;
    case QmpEventKind::resume: events.emplace_back(MachineResumed{}); break;
    case QmpEventKind::panicked: events.emplace_back(MachinePanicked{}); break;
    case QmpEventKind::shutdown: cause_ = event.cause; break;
    case QmpEventKind::reset:
    case QmpEventKind::other: break;
  }
  return {};
}

}  // namespace bh::qemu
