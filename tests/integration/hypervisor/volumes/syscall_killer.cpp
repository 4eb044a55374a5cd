#include "tests/integration/hypervisor/volumes/syscall_killer.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bh::volumes {

namespace {

// Only the child's own calls count: programs it starts (mke2fs) go on untraced, and PDEATHSIG ends them with it.
Fate trace(pid_t child, int stop) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return Fate::untraceable;
  if (::ptrace(PTRACE_SETOPTIONS, child, nullptr, reinterpret_cast<void*>(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) != 0) return Fate::untraceable;
  int seen = 0;
  int deliver = 0;
  for (;;) {
    if (::ptrace(PTRACE_SYSCALL, child, nullptr, reinterpret_cast<void*>(static_cast<long>(deliver))) != 0) return Fate::untraceable;
    if (::waitpid(child, &status, 0) != child) return Fate::untraceable;
    if (WIFEXITED(status) || WIFSIGNALED(status)) return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? Fate::finished : Fate::untraceable;
    deliver = 0;
    if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
      deliver = WSTOPSIG(status);
      continue;
    }
    if (++seen < stop) continue;
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    return Fate::killed;
  }
}

}  // namespace

Fate run_and_kill_at(std::function<void()> const& work, int stop) {
  pid_t const child = ::fork();
  if (child < 0) return Fate::untraceable;
  if (child == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(9);
    ::raise(SIGSTOP);
    work();
    ::_exit(0);
  }
  return trace(child, stop);
}

}  // namespace bh::volumes
