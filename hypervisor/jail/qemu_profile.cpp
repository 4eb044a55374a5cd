#include "hypervisor/jail/qemu_profile.h"

#include <linux/fs.h>
#include <linux/kvm.h>
#include <sched.h>
#include <sys/prctl.h>

#include <cerrno>

namespace bh::jail {

namespace {

constexpr std::uint64_t kAllBits = ~std::uint64_t{0};
constexpr std::uint64_t kLowHalf = 0xFFFFFFFF;  // where the kernel looks at 32 bits only

SyscallRule prctl_of(std::uint64_t option) { return {"prctl", {{0, kLowHalf, option}}}; }
SyscallRule ioctl_of(std::uint64_t request) { return {"ioctl", {{1, kLowHalf, request}}}; }

// Under TCG, whole life; measured with strace on Debian's QEMU 7.2 (boot, disks, wires, save, restore, power-off).
std::vector<SyscallRule> common() {
  // A thread, and nothing else: no process, no namespace, no vfork.
  constexpr std::uint64_t kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  constexpr std::uint64_t kNever = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                                   CLONE_NEWNET | CLONE_VFORK | CLONE_PTRACE | CLONE_PARENT;
  return {
      // Bytes to and from inherited descriptors.
      {"read"}, {"write"}, {"readv"}, {"writev"}, {"pread64"}, {"pwrite64"}, {"preadv"}, {"pwritev"}, {"lseek"}, {"close"},
      {"sendmsg"}, {"recvmsg"}, {"sendto"}, {"recvfrom"},
      // The control and mux ports are listening sockets already; there is no socket(), bind() or connect().
      {"accept4"}, {"listen"}, {"getsockname"}, {"getpeername"}, {"getsockopt"},
      {"fdatasync"}, {"fadvise64"}, {"fallocate"}, {"ftruncate"}, {"fcntl"},
      // Its own files while it starts; the jail shows no others, and none at all after the start.
      {"openat"}, {"newfstatat"}, {"access"}, {"readlink"},
      {"ppoll"}, {"poll"}, {"eventfd2"}, {"signalfd4"},
      // Refused, QEMU complains on its log's last line, where reasons of failures are looked for; adding anything to an epoll is refused.
      {"epoll_create1"},
      {"mmap"}, {"munmap"}, {"mprotect"}, {"mremap"}, {"madvise"}, {"brk"},
      {"futex"}, {"clone", {{0, kThread | kNever, kThread}}},
      {"clone3", {}, ENOSYS},  // its arguments lie in memory, where no filter looks; libc then takes clone
      {"exit"}, {"exit_group"}, {"set_robust_list"}, {"rseq"}, {"set_tid_address"}, {"arch_prctl"}, {"gettid"}, {"sched_getaffinity"},
      {"clock_gettime"}, {"clock_nanosleep"}, {"restart_syscall"}, {"getrandom"},
      {"rt_sigaction"}, {"rt_sigprocmask"}, {"rt_sigreturn"}, {"tgkill"},
      {"prlimit64", {{2, kAllBits, 0}}},  // to read limits, not to set them
      // QEMU's own filter comes on top of ours. A filter can only take away.
      {"seccomp"}, prctl_of(PR_SET_NO_NEW_PRIVS), prctl_of(PR_SET_NAME), prctl_of(PR_SET_TIMERSLACK),
      // Volumes on block devices: sizes and discard; no terminal, no network, no KVM.
      ioctl_of(BLKGETSIZE64), ioctl_of(BLKSSZGET), ioctl_of(BLKPBSZGET), ioctl_of(BLKDISCARD), ioctl_of(BLKZEROOUT),
  };
}

}  // namespace

std::vector<SyscallRule> rules_of(Profile profile) {
  std::vector<SyscallRule> rules = common();
  if (profile == Profile::qemu_kvm) {
    rules.push_back({"ioctl", {{1, 0xFF00, KVMIO << 8}}});
    // getpid: pthread_kill() needs it, by which QEMU fetches a processor's thread out of the guest.
    // uname: QEMU asks whether this kernel is a 64-bit one and does not look whether the call failed; refused, it would leave the registers
    // of 64-bit system calls out of what it saves, and a restored guest's first system call would jump to address 0.
    for (char const* name : {"rt_sigtimedwait", "rt_sigpending", "getpid", "uname"}) rules.push_back({name});
  }
  return rules;
}

}  // namespace bh::jail
