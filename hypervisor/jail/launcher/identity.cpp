#include "hypervisor/jail/launcher/identity.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/child_process.h"
#include "base/posix_io.h"

namespace bh::jail {

namespace {

Failure<Error> failed(std::string const& doing) { return Failure{Error::from_errno(doing)}; }

Result<void> write_map(char const* file, std::string const& text) {
  BH_TRY(map, open_file(std::string("/proc/self/") + file, O_WRONLY));
  return write_all(map, as_bytes(text));
}

Result<void> map_own_ids(unsigned uid, unsigned gid) {
  BH_CHECK(write_map("setgroups", "deny"));
  BH_CHECK(write_map("uid_map", std::to_string(kInnerId) + " " + std::to_string(uid) + " 1"));
  return write_map("gid_map", std::to_string(kInnerId) + " " + std::to_string(gid) + " 1");
}

Result<void> run_mapper(char const* program, int target, std::uint32_t outer) {
  BH_TRY(mapper, ChildProcess::spawn({.argv = {program, std::to_string(target), std::to_string(kInnerId), std::to_string(outer), "1"}, .fds = {}, .environment = {}, .working_directory = "/"}));
  BH_TRY(status, mapper.wait(Clock::now() + std::chrono::seconds(10)));
  if (!status || status->code != 0) return Failure{Error{std::string(program) + " did not map subordinate id " + std::to_string(outer), EPERM}};
  return {};
}

// Maps can only be written from outside, so a child that stays outside does it; the tools are setuid and check /etc/subuid.
Result<void> map_subordinate(SubordinateIds const& ids, std::uint32_t index) {
  BH_TRY(entered, make_pipe());
  int const target = ::getpid();
  pid_t const helper = ::fork();
  if (helper < 0) return failed("start the mapper of ids");
  if (helper == 0) {
    entered.second.reset();
    std::byte byte{};
    (void)read_some(entered.first, std::span(&byte, 1));  // ends when the namespace is there
    std::uint32_t const offset = index % ids.count;
    bool const done = run_mapper("/usr/bin/newuidmap", target, ids.first_uid + offset).ok() &&
                      run_mapper("/usr/bin/newgidmap", target, ids.first_gid + offset).ok();
    ::_exit(done ? 0 : 1);
  }
  // As in ChildProcess::own_child: the helper is waited for below, whatever comes.
  BH_TRY(process, ChildProcess::own_child(helper));
  bool const made = ::unshare(CLONE_NEWUSER) == 0;
  int const reason = errno;
  entered.second.reset();
  BH_TRY(status, process.wait(Clock::now() + std::chrono::seconds(20)));
  if (!made) return Failure{Error::from_errno("make a user namespace", reason)};
  if (!status || status->code != 0) return Failure{Error{"newuidmap and newgidmap did not map a subordinate id", EPERM}};
  return {};
}

Result<void> take_inner_ids(bool drop_groups) {
  if (drop_groups && ::setgroups(0, nullptr) != 0) return failed("drop the groups");
  // So that the capabilities stay for the mounts that follow.
  if (::prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) != 0) return failed("set the secure bits");
  if (::setresgid(kInnerId, kInnerId, kInnerId) != 0 || ::setresuid(kInnerId, kInnerId, kInnerId) != 0) return failed("take the jail's user id");
  return {};
}

Result<void> take_own_ids(JailSpec const& spec, std::uint32_t process) {
  gid_t const group = spec.device_group.value_or(0);
  if (::setgroups(spec.device_group ? 1 : 0, &group) != 0) return failed("drop the groups");
  std::uint32_t const id = kFirstOwnUid + process;
  if (::setresgid(id, id, id) != 0 || ::setresuid(id, id, id) != 0) return failed("take the jail's user id");
  return {};
}

Result<void> close_the_way_back() {
  for (unsigned long capability = 0; capability <= 63; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EINVAL) return failed("drop a capability for good");
  }
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return failed("drop the ambient capabilities");
  if (::prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                                     SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED, 0, 0, 0) != 0) {
    return failed("set the secure bits");
  }
  return {};
}

}  // namespace

Result<void> enter_user_namespace(JailSpec const& spec, std::uint32_t index) {
  if (spec.subordinate) {
    BH_CHECK(map_subordinate(*spec.subordinate, index));
    return take_inner_ids(true);
  }
  unsigned const uid = ::geteuid();
  unsigned const gid = ::getegid();
  if (::unshare(CLONE_NEWUSER) != 0) return failed("make a user namespace");
  BH_CHECK(map_own_ids(uid, gid));
  // With the user's own id setgroups is refused, and the groups it leaves are no more than the user's.
  return take_inner_ids(false);
}

Result<void> become_nobody(JailSpec const& spec, std::uint32_t process) {
  BH_CHECK(close_the_way_back());
  if (spec.level == Level::own_uid) BH_CHECK(take_own_ids(spec, process));
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2]{};
  if (::syscall(SYS_capset, &header, none) != 0) return failed("drop the capabilities");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("set no_new_privs");
  return {};
}

Result<void> set_limits(JailSpec const& spec) {
  auto const limit = [](auto resource, rlim_t value) {
    rlimit const both{value, value};
    return ::setrlimit(resource, &both) == 0;
  };
  bool const done = limit(RLIMIT_NOFILE, spec.max_open_files) && limit(RLIMIT_NPROC, spec.max_threads) &&
                    // 1, not 0: with 0 a core is still piped to a handler such as systemd-coredump. It would hold the qube's memory.
                    limit(RLIMIT_CORE, 1) && limit(RLIMIT_MEMLOCK, 0) && limit(RLIMIT_MSGQUEUE, 0) && limit(RLIMIT_RTPRIO, 0);
  if (!done) return failed("set the jail's limits");
  return {};
}

}  // namespace bh::jail
