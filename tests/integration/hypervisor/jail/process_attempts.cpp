// Other processes, new processes, and being somebody else.
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "tests/integration/hypervisor/jail/attempt.h"
#include "tests/integration/hypervisor/jail/system_call.h"

namespace bh::jail::test {

namespace {

int read_memory_of(Prey const& prey) {
  return call(SYS_openat, AT_FDCWD, ("/proc/" + std::to_string(prey.process) + "/mem").c_str(), O_RDWR | O_CLOEXEC, 0);
}

int read_memory_directly(Prey const& prey) {
  // Any address will do: a refusal comes before the address is looked at, EFAULT after.
  char here = 0;
  iovec const local{&here, 1};
  iovec const remote{&here, 1};
  int const result = call(SYS_process_vm_readv, prey.process, &local, 1, &remote, 1, 0);
  return result == EFAULT ? 0 : result;
}

int write_memory_directly(Prey const& prey) {
  char here = 0;
  iovec const local{&here, 1};
  iovec const remote{nullptr, 1};
  int const result = call(SYS_process_vm_writev, prey.process, &local, 1, &remote, 1, 0);
  return result == EFAULT ? 0 : result;
}

// For calls that make a process: the child, if there is one, ends at once.
int made(long result) {
  if (result == 0) ::_exit(0);
  if (result > 0) ::waitpid(static_cast<pid_t>(result), nullptr, __WALL);
  return result > 0 ? 0 : errno;
}

int clone_with(unsigned long flags) { return made(::syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, 0)); }

int clone3_process(Prey const&) {
  struct {
    unsigned long long flags = CLONE_NEWUSER, pidfd = 0, child_tid = 0, parent_tid = 0, exit_signal = SIGCHLD, stack = 0, stack_size = 0, tls = 0;
  } arguments;
  return made(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

// A failed exec returns; one that works would not, so that a jail's test sees this program's successor, not its report.
int exec_it(char const* path) {
  char const* const argv[] = {path, "--version", nullptr};
  char const* const none[] = {nullptr};
  return call(SYS_execve, path, argv, none);
}

int exec_descriptor(Prey const&) {
  char const* const argv[] = {"x", nullptr};
  return call(SYS_execveat, 1, "", argv, nullptr, AT_EMPTY_PATH);
}

int gain_capabilities(Prey const&) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct all[2] = {{~0U, ~0U, ~0U}, {~0U, ~0U, ~0U}};
  return call(SYS_capset, &header, all);
}

int raise_limit(Prey const&) {
  rlimit const more{1 << 20, 1 << 20};
  return call(SYS_prlimit64, 0, RLIMIT_NOFILE, &more, nullptr);
}

int real_time(Prey const&) {
  sched_param const priority{1};
  return call(SYS_sched_setscheduler, 0, SCHED_FIFO, &priority);
}

// As many threads as it likes: the jail lets it have 64 in all. Each sleeps for good.
int thread_bomb(Prey const&) {
  static char stacks[256][4096];
  int count = 0;
  for (; count < 256; ++count) {
    constexpr int kFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    auto const sleeper = [](void*) -> int {
      for (;;) ::syscall(SYS_ppoll, nullptr, 0, nullptr, nullptr, 0);
    };
    if (::clone(sleeper, stacks[count] + sizeof stacks[count] - 64, kFlags, nullptr) < 0) break;
  }
  return count < 64 ? EAGAIN : 0;
}

int descriptor_bomb(Prey const&) {
  int count = 0;
  while (count < 4096 && ::syscall(SYS_fcntl, 1, F_DUPFD_CLOEXEC, 0) >= 0) ++count;
  for (int fd = 3; fd < 4200; ++fd) ::close(fd);
  return count < 256 ? EMFILE : 0;
}

}  // namespace

std::vector<Attempt> process_attempts() {
  return {
      {"signal another process", true, [](Prey const& prey) { return call(SYS_kill, prey.process, 0); }},
      {"signal every process", false, [](Prey const&) { return call(SYS_kill, -1, 0); }},
      {"signal by tgkill", true, [](Prey const& prey) { return call(SYS_tgkill, prey.process, prey.process, 0); }},
      {"ptrace another process", false, [](Prey const& prey) { return call(SYS_ptrace, PTRACE_SEIZE, prey.process, nullptr, nullptr); }},
      {"be traced", false, [](Prey const&) { return call(SYS_ptrace, PTRACE_TRACEME, 0, nullptr, nullptr); }},
      {"open another process's memory", true, read_memory_of},
      {"read another process's memory", true, read_memory_directly},
      {"write another process's memory", true, write_memory_directly},
      {"hold another process (pidfd_open)", true, [](Prey const& prey) { return call(SYS_pidfd_open, prey.process, 0); }},
      {"take another process's descriptor", false, [](Prey const&) { return call(SYS_pidfd_getfd, 1, 0, 0); }},
      {"move another process's pages", true, [](Prey const& prey) { return call(SYS_migrate_pages, prey.process, 0, nullptr, nullptr); }},
      {"compare with another process", true, [](Prey const& prey) { return call(SYS_kcmp, prey.process, prey.process, 0, 0, 0); }},
      {"fork", true, [](Prey const&) { return made(::syscall(SYS_fork)); }},
      {"clone a process", true, [](Prey const&) { return clone_with(0); }},
      {"clone into a user namespace", true, [](Prey const&) { return clone_with(CLONE_NEWUSER); }},
      {"clone into a network namespace", true, [](Prey const&) { return clone_with(CLONE_NEWNET); }},
      {"clone beside itself (CLONE_PARENT)", false, [](Prey const&) { return clone_with(CLONE_PARENT); }},
      {"clone3", true, clone3_process},
      {"exec a shell", false, [](Prey const&) { return exec_it("/bin/sh"); }},
      {"exec itself", false, [](Prey const& prey) { return exec_it(prey.own_program.c_str()); }},
      {"exec a descriptor", false, exec_descriptor},
      {"unshare a user namespace", false, [](Prey const&) { return call(SYS_unshare, CLONE_NEWUSER); }},
      {"unshare a mount namespace", false, [](Prey const&) { return call(SYS_unshare, CLONE_NEWNS); }},
      {"enter another namespace", false, [](Prey const&) { return call(SYS_setns, 1, 0); }},
      {"become root", false, [](Prey const&) { return call(SYS_setuid, 0); }},
      {"become root (setresuid)", false, [](Prey const&) { return call(SYS_setresuid, 0, 0, 0); }},
      {"join root's group", false, [](Prey const&) { return call(SYS_setgid, 0); }},
      {"join groups", false, [](Prey const&) { return call(SYS_setgroups, 0, nullptr); }},
      {"act on files as root", false, [](Prey const&) { return ::syscall(SYS_setfsuid, 0) >= 0 ? 0 : errno; }},
      {"gain capabilities", false, gain_capabilities},
      {"raise an ambient capability", false, [](Prey const&) { return call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0); }},
      {"keep capabilities", false, [](Prey const&) { return call(SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0); }},
      {"change secure bits", false, [](Prey const&) { return call(SYS_prctl, PR_SET_SECUREBITS, 0, 0, 0, 0); }},
      {"let others trace it", false, [](Prey const&) { return call(SYS_prctl, PR_SET_PTRACER, -1, 0, 0, 0); }},
      {"become a child subreaper", false, [](Prey const&) { return call(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }},
      {"change personality", true, [](Prey const&) { return call(SYS_personality, 0xFFFFFFFF); }},
      {"raise a limit", false, raise_limit},
      {"run in real time", false, real_time},
      {"raise its priority", false, [](Prey const&) { return call(SYS_setpriority, PRIO_PROCESS, 0, -5); }},
      {"hold more than 256 descriptors", false, descriptor_bomb},
      {"hold more than 64 threads", false, thread_bomb},
  };
}

}  // namespace bh::jail::test
