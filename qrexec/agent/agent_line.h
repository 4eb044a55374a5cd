// The line between a call's process and the agent: its end tells that the call is over, and by it calls that wait for the same session
// let one of them do the waiting.
#pragma once

#include <string>

#include "base/posix_io.h"

namespace bh::qrexec {

// call -> agent: a user's name and a line end ("I need this session"), then a line end alone ("the session is there").
// agent -> call: one of these.
inline constexpr char kLeadTurn = 'L';  // run the helper, and tell when it has ended
inline constexpr char kGoOn = 'G';      // another call's helper has ended
inline constexpr std::size_t kMaxTurnUser = 256;

enum class Turn : std::uint8_t { lead, go_on, caller_left };

// Waits for one's turn, for as long as `caller` stays. Leads where there is no agent any more.
[[nodiscard]] Turn wait_for_turn(UniqueFd const& agent, std::string const& user, UniqueFd const& caller);
void tell_session_is_there(UniqueFd const& agent);

}  // namespace bh::qrexec
