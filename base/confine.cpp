#include "base/confine.h"

#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace bh {

namespace {

constexpr std::uint64_t kLowHalf = 0xFFFFFFFF;

Result<void> drop_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Failure{Error::from_errno("set no_new_privs")};
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2]{};
  if (::syscall(SYS_capset, &header, none) != 0) return Failure{Error::from_errno("drop the capabilities")};
  // 1, not 0: with 0 a core is still piped to a handler such as systemd-coredump.
  rlimit const core{1, 1};
  if (::setrlimit(RLIMIT_CORE, &core) != 0) return Failure{Error::from_errno("forbid core dumps")};
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return Failure{Error::from_errno("forbid tracing")};
  return {};
}

}  // namespace

Strictness parse_strictness(char const* text) {
  return text != nullptr && std::string_view(text) == "log" ? Strictness::log : Strictness::kill;
}

std::vector<SyscallRule> daemon_calls() {
  return {
      {"read"}, {"write"}, {"readv"}, {"writev"}, {"close"}, {"lseek"}, {"fcntl"}, {"ftruncate"}, {"fsync"},
      {"openat"}, {"newfstatat"}, {"statx"}, {"access"}, {"readlink"}, {"getdents64"}, {"unlink"}, {"unlinkat"}, {"rename"}, {"symlink"},
      {"poll"}, {"ppoll"}, {"inotify_add_watch"},
      {"socket", {{0, kLowHalf, AF_UNIX}}}, {"connect"}, {"bind"}, {"listen"}, {"accept4"}, {"getsockname"}, {"getsockopt"}, {"sendto"}, {"recvfrom"}, {"sendmsg"}, {"recvmsg"}, {"shutdown"}, {"fchmod"}, {"fchmodat"},
      {"mmap", {{2, 4 /* PROT_EXEC */, 0}}}, {"munmap"}, {"mprotect", {{2, 4, 0}}}, {"mremap"}, {"madvise"}, {"brk"},
      {"futex"}, {"clock_gettime"}, {"clock_nanosleep"}, {"restart_syscall"}, {"getrandom"}, {"getpid"}, {"gettid"}, {"tgkill"},
      {"rt_sigaction"}, {"rt_sigprocmask"}, {"rt_sigreturn"},
      {"exit"}, {"exit_group"},
      {"ioctl", {{1, kLowHalf, TCGETS}}},  // libc, the first time it prints to a device
      {"getcwd"},
  };
}

Result<void> confine(Confinement const& confinement) {
  bool const logging = confinement.strictness == Strictness::log;
  BH_TRY(filter, SeccompFilter::build(confinement.calls, logging ? Refusal::fails : Refusal::kills, logging));
  BH_CHECK(drop_privileges());
  FileAccess files = confinement.files;
  files.readable.emplace_back("/etc/localtime");  // for the times in logs
  BH_CHECK(restrict_files(files));
  return filter.load();
}

}  // namespace bh
