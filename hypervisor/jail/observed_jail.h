// What really holds a running process, read from outside: for doctor and tests, which believe no record. And what programs of the same
// user can do to a machine nevertheless.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hypervisor/jail/jail_spec.h"

namespace bh::jail {

struct ObservedJail {
  Level level = Level::none;  // by its user id and user namespace; `none` also where anything below is missing
  bool filtered = false;      // system calls
  bool no_new_privileges = false;
  bool no_capabilities = false;
  bool own_processes = false;  // it has a process namespace of its own
  bool nothing_to_open = false;  // its root is empty
};
// Needs the right to look: root, or the user who started it. Not to be had: an error.
Result<ObservedJail> observe_jail(int process);

// One thing that another program of our own user, outside every jail, could do to a running machine: tried, harmlessly, not guessed.
struct Reach {
  std::string what;
  bool possible = false;
};
[[nodiscard]] std::vector<Reach> reach_of_own_user(int process, std::filesystem::path const& run_folder);

// Pure, for its tests: the facts in /proc/PID/status. `own_uid`: of who asks.
struct ProcessStatus {
  std::uint32_t uid = 0;
  bool filtered = false;
  bool no_new_privileges = false;
  bool no_capabilities = false;
  bool own_processes = false;
};
[[nodiscard]] Result<ProcessStatus> parse_process_status(std::string_view text);

}  // namespace bh::jail
