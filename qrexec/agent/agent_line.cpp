#include "qrexec/agent/agent_line.h"

#include <poll.h>

#include <cerrno>

namespace bh::qrexec {

Turn wait_for_turn(UniqueFd const& agent, std::string const& user, UniqueFd const& caller) {
  if (user.size() >= kMaxTurnUser || user.find('\n') != std::string::npos || !write_all(agent, as_bytes(user + '\n'))) return Turn::lead;
  for (;;) {
    pollfd entries[2] = {{agent.borrow(), POLLIN, 0}, {caller.borrow(), POLLRDHUP, 0}};
    if (::poll(entries, 2, -1) < 0 && errno != EINTR) return Turn::lead;
    if (entries[0].revents != 0) {
      std::byte answer{};
      auto const got = read_some(agent, std::span(&answer, 1));
      return got && *got == 1 && answer == std::byte{kGoOn} ? Turn::go_on : Turn::lead;
    }
    if (entries[1].revents != 0) return Turn::caller_left;
  }
}

void tell_session_is_there(UniqueFd const& agent) {
  // An agent that is gone has nobody waiting.
  (void)write_all(agent, as_bytes("\n"));
}

}  // namespace bh::qrexec
