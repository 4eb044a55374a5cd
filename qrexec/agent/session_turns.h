// Who of the calls that wait for the same user's session runs qubes.WaitForSession for all of them (qrexec.md 10.4). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bh::qrexec {

class SessionTurns {
 public:
  using CallId = std::uint64_t;

  // True: this call is to run the helper. False: another one does; it will be told.
  bool join(std::string const& user, CallId call);
  // The helper has ended, whatever its result: these calls may go on.
  std::vector<CallId> helper_ended(CallId leader);
  // The call is gone. If it led, somebody who waits has to take over: that one.
  std::optional<CallId> left(CallId call);

 private:
  struct Turn {
    CallId leader;
    std::vector<CallId> waiting;
  };
  std::map<std::string, Turn> turns_;  // by user
};

}  // namespace bh::qrexec
