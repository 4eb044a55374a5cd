// confine(): a daemon gives away what it will not need once it has opened what it will. One call in main(), in sight, before the first
// byte of a guest is read and before any thread is started; there is no way back.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/landlock.h"
#include "base/seccomp_filter.h"

namespace bh {

enum class Strictness {
  // A call outside the list ends the process: in a program of ours it can only be somebody else's wish, and a daemon that is not itself
  // any more is better dead, restarted by bulkheadd and seen in the kernel's log.
  kill,
  // The call fails and the kernel logs it: to find what a new version of a library asks for.
  log,
};
// "log" -> log; anything else, or nothing -> kill. For main(): the value of BULKHEAD_CONFINE.
[[nodiscard]] Strictness parse_strictness(char const* text);

struct Confinement {
  FileAccess files;
  std::vector<SyscallRule> calls;
  Strictness strictness = Strictness::kill;
};

// What every daemon of ours needs while it runs: memory, time, polls, descriptors it has, local sockets, files as far as Landlock lets it.
// No program is run, no process made, no other kind of socket.
[[nodiscard]] std::vector<SyscallRule> daemon_calls();

// In this order: no_new_privs, all capabilities, core dumps, files, system calls. An error means that it is not confined: do not go on.
Result<void> confine(Confinement const& confinement);

}  // namespace bh
