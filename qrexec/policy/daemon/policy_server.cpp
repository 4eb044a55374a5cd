#include "qrexec/policy/daemon/policy_server.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "base/unix_socket.h"

namespace bh::policy {
namespace {

constexpr std::size_t kMaxNotifications = 64;
constexpr auto kNotifyTime = std::chrono::seconds(10);
constexpr int kLongestTurnMs = 60'000;

int milliseconds_to(Deadline deadline) {
  auto const left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, kLongestTurnMs));
}

}  // namespace

Result<void> PolicyServer::run() {
  // A mistake in the policy is told at the start, not at the first call.
  (void)place_.policy.current();
  for (;;) {
    BH_TRY(stay, turn());
    if (!stay) return {};
  }
}

Result<bool> PolicyServer::turn() {
  std::vector<pollfd> polled{{signals_.borrow(), POLLIN, 0}, {place_.policy.events().borrow(), POLLIN, 0}};
  bool const room = calls_.size() < kMaxPolicyCalls;
  for (Door const& door : doors_) polled.push_back({door.listener.borrow(), room ? short{POLLIN} : short{0}, 0});
  int timeout = kLongestTurnMs;
  std::vector<std::size_t> counts;
  for (PolicyCall const& call : calls_) {
    auto const watches = call.watches();
    counts.push_back(watches.size());
    for (auto const& watch : watches) polled.push_back({watch.fd->borrow(), watch.events, 0});
    timeout = std::min(timeout, milliseconds_to(call.deadline()));
  }
  for (Exchange const& one : notifications_) {
    polled.push_back({one.fd().borrow(), one.wanted(), 0});
    timeout = std::min(timeout, milliseconds_to(one.deadline()));
  }
  if (::poll(polled.data(), polled.size(), timeout) < 0 && errno != EINTR) return Failure{Error::from_errno("wait for events")};
  if (polled[0].revents != 0) return false;
  bool const policy_moved = polled[1].revents != 0;
  if (policy_moved) {
    place_.policy.take_events();
    (void)place_.policy.current();
  }
  std::size_t at = 2 + doors_.size();
  std::size_t index = 0;
  for (auto call = calls_.begin(); call != calls_.end(); ++index) {
    bool const peer_left = (polled[at].revents & (POLLHUP | POLLERR)) != 0;
    bool happened = policy_moved || Clock::now() >= call->deadline();
    for (std::size_t i = 0; i < counts[index]; ++i) happened = polled[at + i].revents != 0 || happened;
    at += counts[index];
    if (!happened || call->go_on(peer_left)) {
      ++call;
      continue;
    }
    if (auto const message = call->notification()) tell(*message);
    call = calls_.erase(call);
  }
  std::erase_if(notifications_, [](Exchange& one) {
    auto const done = one.go_on();
    return !done || *done;
  });
  for (std::size_t i = 0; i < doors_.size(); ++i) {
    if (polled[2 + i].revents != 0) accept_all(doors_[i]);
  }
  return true;
}

void PolicyServer::accept_all(Door const& door) {
  while (calls_.size() < kMaxPolicyCalls) {
    auto peer = accept_unix(door.listener);
    if (!peer) return;
    if (!set_nonblocking(*peer, true)) continue;
    calls_.emplace_back(*std::move(peer), door.kind, place_);
    // Most questions have come with their connection.
    if (calls_.back().go_on(false)) continue;
    if (auto const message = calls_.back().notification()) tell(*message);
    calls_.pop_back();
  }
}

void PolicyServer::tell(NotifyMessage const& message) {
  // A failure never changes a decision, and nobody need listen.
  if (notifications_.size() >= kMaxNotifications) return;
  auto exchange = Exchange::begin(place_.prompt_socket, encode(PromptMessage(message)), {kMaxPromptAnswer, Clock::now() + kNotifyTime});
  if (exchange) notifications_.push_back(*std::move(exchange));
}

}  // namespace bh::policy
