#include "qrexec/agent/local_callers.h"

#include "base/log.h"
#include "base/unix_socket.h"

namespace bh::qrexec {

namespace {
constexpr int kBacklog = 64;
constexpr unsigned kForEverybody = 0777;  // any user of the qube may ask; dom0's policy decides
constexpr std::size_t kNoSlot = SIZE_MAX;
constexpr std::chrono::seconds kRequestTime{60};
}  // namespace

Result<void> LocalCallers::listen(std::filesystem::path const& path) {
  std::error_code ignored;
  std::filesystem::create_directories(path.parent_path(), ignored);
  BH_TRY(listener, listen_unix(path, kBacklog, kForEverybody));
  BH_CHECK(set_nonblocking(listener, true));
  listener_ = std::move(listener);
  return {};
}

void LocalCallers::fill(PollSet& set) {
  listener_slot_ = listening() && callers_.size() < kLimit ? set.add(listener_, POLLIN) : kNoSlot;
  for (auto& [ident, caller] : callers_) {
    caller.slot = set.add(caller.stream.fd(), static_cast<short>(POLLIN | (caller.stream.pending() > 0 ? POLLOUT : 0)));
  }
}

LocalCallers::Events LocalCallers::handle(PollSet const& set, std::uint32_t version) {
  Events events;
  for (auto entry = callers_.begin(); entry != callers_.end();) {
    auto& [ident, caller] = *entry;
    bool const ready = caller.slot != kNoSlot && set.at(caller.slot) != 0;
    bool const late = !caller.asked && Clock::now() > caller.deadline;
    bool const stays = !late && (!ready || handle_caller(ident, caller, version, events));
    if (!stays && caller.connected) events.ended.push_back(*caller.connected);
    entry = stays ? std::next(entry) : callers_.erase(entry);
  }
  if (listener_slot_ != kNoSlot && set.at(listener_slot_) != 0) accept_callers(version == 0);
  return events;
}

void LocalCallers::accept_callers(bool refuse_at_once) {
  while (callers_.size() < kLimit) {
    auto socket = accept_unix(listener_);
    if (!socket) return;
    if (refuse_at_once) continue;
    auto stream = FramedStream::over(*std::move(socket), Direction::caller_to_agent);
    auto ident = Ident::parse("SOCKET" + std::to_string(++last_));
    if (!stream || !ident) continue;
    callers_.emplace(*std::move(ident), Caller{*std::move(stream), Clock::now() + kRequestTime, false, {}, kNoSlot});
  }
}

bool LocalCallers::handle_caller(Ident const& ident, Caller& caller, std::uint32_t version, Events& events) {
  auto const flushed = caller.stream.flush();
  auto const open = caller.stream.receive();
  if (!flushed || !open || !*open) return false;
  auto const frame = caller.stream.next();
  if (!frame) {
    log::warning(std::string("a local caller sent ") + to_string(frame.error()));
    return false;
  }
  if (!*frame) return true;
  if (caller.asked) return false;
  auto request = forward_trigger((*frame)->body, ident, version);
  if (!request) {
    log::warning(std::string("a local caller's request cannot be passed on: ") + to_string(request.error()));
    return false;
  }
  caller.asked = true;
  events.requests.push_back(std::move(request->frame));
  return true;
}

bool LocalCallers::connect(ServiceConnect const& message) {
  auto const caller = callers_.find(message.ident);
  if (caller == callers_.end() || !caller->second.asked || caller->second.connected) return false;
  caller->second.stream.queue(encode_meeting_point(message.other_end));
  caller->second.connected = message.other_end;
  auto const flushed = caller->second.stream.flush();
  if (flushed && *flushed) return true;
  callers_.erase(caller);
  return false;
}

void LocalCallers::refuse(RawIdent const& raw) {
  auto const ident = Ident::parse(raw);
  if (!ident) return;
  auto const caller = callers_.find(*ident);
  if (caller != callers_.end() && !caller->second.connected) callers_.erase(caller);
}

void LocalCallers::refuse_waiting() {
  std::erase_if(callers_, [](auto const& entry) { return !entry.second.connected; });
}

}  // namespace bh::qrexec
