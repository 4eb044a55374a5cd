#include "hypervisor/jail/qemu_profile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace bh::jail {
namespace {

std::set<std::string> allowed(Profile profile) {
  std::set<std::string> names;
  for (auto const& rule : rules_of(profile)) {
    if (rule.refuse_with == 0) names.insert(rule.name);
  }
  return names;
}

TEST(QemuProfile, AllowsNoMoreCallsThanPromised) {
  // One more, execve, is allowed once.
  EXPECT_LE(allowed(Profile::qemu_tcg).size() + 1, 64U);
  std::set<std::string> more = allowed(Profile::qemu_kvm);
  for (auto const& name : allowed(Profile::qemu_tcg)) more.erase(name);
  EXPECT_EQ(more, (std::set<std::string>{"rt_sigtimedwait", "rt_sigpending", "getpid", "uname"}));
}

TEST(QemuProfile, HasNoWayOut) {
  for (char const* name : {"execve", "execveat", "fork", "vfork", "clone3", "ptrace", "socket", "connect", "bind", "kill", "mount", "unshare", "setns", "bpf", "io_uring_setup",
                           "userfaultfd", "process_vm_readv", "open_by_handle_at", "setuid", "capset", "memfd_create", "unlink", "rename", "chmod"}) {
    EXPECT_FALSE(allowed(Profile::qemu_kvm).contains(name)) << name;
  }
}

TEST(QemuProfile, DoorsWithManyRoomsAreNamedOneByOne) {
  for (auto const& rule : rules_of(Profile::qemu_kvm)) {
    std::string const name = rule.name;
    if (name == "ioctl" || name == "prctl" || name == "clone" || name == "prlimit64") {
      EXPECT_FALSE(rule.arguments.empty()) << name;
    }
  }
}

TEST(QemuProfile, BecomesAFilter) {
  for (Profile const profile : {Profile::qemu_tcg, Profile::qemu_kvm}) {
    auto const filter = SeccompFilter::build(rules_of(profile), Refusal::fails, true);
    EXPECT_TRUE(filter.ok()) << filter.error().message;
  }
  SyscallRule const unknown[] = {{"no_such_call"}};
  EXPECT_FALSE(SeccompFilter::build(unknown, Refusal::kills, false).ok());
}

}  // namespace
}  // namespace bh::jail
