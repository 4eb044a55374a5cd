#include "qrexec/agent/session_turns.h"

#include <algorithm>

namespace bh::qrexec {

bool SessionTurns::join(std::string const& user, CallId call) {
  auto const [turn, first] = turns_.try_emplace(user, Turn{call, {}});
  if (!first) turn->second.waiting.push_back(call);
  return first;
}

std::vector<SessionTurns::CallId> SessionTurns::helper_ended(CallId leader) {
  for (auto turn = turns_.begin(); turn != turns_.end(); ++turn) {
    if (turn->second.leader != leader) continue;
    auto waiting = std::move(turn->second.waiting);
    turns_.erase(turn);
    return waiting;
  }
  return {};
}

std::optional<SessionTurns::CallId> SessionTurns::left(CallId call) {
  for (auto turn = turns_.begin(); turn != turns_.end(); ++turn) {
    auto& [leader, waiting] = turn->second;
    if (leader != call) {
      if (std::erase(waiting, call) > 0) return std::nullopt;
      continue;
    }
    if (waiting.empty()) {
      turns_.erase(turn);
      return std::nullopt;
    }
    leader = waiting.front();
    waiting.erase(waiting.begin());
    return leader;
  }
  return std::nullopt;
}

}  // namespace bh::qrexec
