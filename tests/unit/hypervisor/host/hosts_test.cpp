// Whole hosts: each differs from a sound one in what its name says, and exactly that must be found.
#include <gtest/gtest.h>

#include <set>

#include "hypervisor/host/host_gate.h"
#include "hypervisor/host/judge.h"
#include "tests/unit/hypervisor/host/host_fixture.h"

namespace bh::host {
namespace {

using Troubles = std::map<std::string, Level>;

TEST(Hosts, BareIntelWithoutSmtIsSound) { EXPECT_EQ(HostFixture::intel().troubles(), Troubles{}); }

TEST(Hosts, BareAmdIsSound) { EXPECT_EQ(HostFixture::amd().troubles(), Troubles{}); }

TEST(Hosts, IdsAreUniqueAndWhatIsNotOkSaysWhy) {
  for (auto const& facts : {HostFixture::intel().facts(), HostFixture::empty().facts()}) {
    std::set<std::string> ids;
    for (auto const& finding : judge(facts)) {
      EXPECT_TRUE(ids.insert(finding.id).second) << finding.id;
      EXPECT_EQ(finding.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string::npos) << finding.id;
      EXPECT_FALSE(finding.what.empty()) << finding.id;
    }
    EXPECT_GE(ids.size(), 18U);
  }
}

TEST(Hosts, SmtOnIsWeakerEvenWhereNoFlawNeedsItOff) {
  HostFixture host = HostFixture::amd();
  host.file("sys/devices/system/cpu/smt/active", "1\n").file("sys/devices/system/cpu/smt/control", "on\n");
  EXPECT_EQ(host.troubles(), (Troubles{{"smt", Level::weaker}}));
}

TEST(Hosts, SmtOnWithL1tfIsBroken) {
  HostFixture host = HostFixture::intel();
  host.file("sys/devices/system/cpu/smt/active", "1\n").file("sys/devices/system/cpu/smt/control", "on\n");
  host.vulnerability("l1tf", "Mitigation: PTE Inversion; VMX: conditional cache flushes, SMT vulnerable");
  EXPECT_EQ(host.troubles(), (Troubles{{"smt", Level::weaker}, {"cpu-vulnerabilities", Level::broken}}));
  EXPECT_NE(host.finding("cpu-vulnerabilities").what.find("safe only without SMT: l1tf"), std::string::npos);
  // The kernel's text stays the same while SMT is switched off at run time.
  host.file("sys/devices/system/cpu/smt/active", "0\n").file("sys/devices/system/cpu/smt/control", "off\n");
  EXPECT_EQ(host.troubles(), Troubles{});
}

TEST(Hosts, VulnerableToMds) {
  HostFixture host = HostFixture::intel();
  host.vulnerability("mds", "Vulnerable; SMT vulnerable");
  EXPECT_EQ(host.troubles(), (Troubles{{"cpu-vulnerabilities", Level::broken}}));
}

TEST(Hosts, MdsWithoutMicrocodeIsAboutBoth) {
  HostFixture host = HostFixture::intel();
  host.vulnerability("mds", "Vulnerable: Clear CPU buffers attempted, no microcode; SMT disabled");
  EXPECT_EQ(host.troubles(), (Troubles{{"cpu-vulnerabilities", Level::broken}, {"microcode", Level::broken}}));
}

TEST(Hosts, AFileOfUnknownWordsIsNotOk) {
  HostFixture host = HostFixture::amd();
  host.vulnerability("some_flaw_of_2031", "Mitigation: Frobnicate predictors");
  EXPECT_EQ(host.troubles(), (Troubles{{"cpu-vulnerabilities", Level::unknown}}));
  EXPECT_NE(host.finding("cpu-vulnerabilities").what.find("some_flaw_of_2031"), std::string::npos);
}

TEST(Hosts, AKernelThatDoesNotKnowAFlawIsNotOk) {
  HostFixture host = HostFixture::amd();
  host.remove("sys/devices/system/cpu/vulnerabilities/vmscape");
  EXPECT_EQ(host.troubles(), (Troubles{{"cpu-vulnerabilities", Level::unknown}}));
  host.remove("sys/devices/system/cpu/vulnerabilities");
  EXPECT_EQ(host.troubles(), (Troubles{{"cpu-vulnerabilities", Level::unknown}}));
}

TEST(Hosts, WithoutSmtFilesSmtIsUnknown) {
  HostFixture host = HostFixture::intel();
  host.remove("sys/devices/system/cpu/smt");
  EXPECT_EQ(host.troubles(), (Troubles{{"smt", Level::unknown}}));
}

TEST(Hosts, NoKvm) {
  HostFixture host = HostFixture::intel();
  host.remove("dev/kvm");
  EXPECT_EQ(host.troubles(), (Troubles{{"kvm-device", Level::broken}}));
  EXPECT_NE(host.finding("kvm-device").to_do.find("modprobe"), std::string::npos);
  host.file("proc/cpuinfo", "vendor_id\t: GenuineIntel\nmicrocode\t: 0x437\nflags\t\t: fpu constant_tsc\n");
  EXPECT_NE(host.finding("kvm-device").to_do.find("firmware"), std::string::npos);
}

TEST(Hosts, KvmOpenToAll) {
  HostFixture host = HostFixture::amd();
  host.mode("dev/kvm", 0666);
  EXPECT_EQ(host.troubles(), (Troubles{{"kvm-device", Level::weaker}}));
}

TEST(Hosts, NestedHostTrustsTheOneAround) {
  HostFixture host = HostFixture::intel();
  host.flags("hypervisor").file("sys/class/dmi/id/product_name", "Standard PC (Q35 + ICH9, 2009)\n");
  host.vulnerability("srbds", "Unknown: Dependent on hypervisor status").vulnerability("old_microcode", "Unknown (running under hypervisor)");
  EXPECT_EQ(host.troubles(), (Troubles{{"nested", Level::weaker}, {"microcode", Level::weaker}, {"cpu-vulnerabilities", Level::unknown}}));
  EXPECT_NE(host.finding("nested").what.find("Q35"), std::string::npos);
}

TEST(Hosts, Container) {
  HostFixture host = HostFixture::amd();
  host.file("run/systemd/container", "lxc\n");
  EXPECT_EQ(host.troubles(), (Troubles{{"nested", Level::weaker}}));
  EXPECT_NE(host.finding("nested").what.find("lxc"), std::string::npos);
}

TEST(Hosts, XenDom0) {
  HostFixture host = HostFixture::intel();
  host.flags("hypervisor").file("sys/hypervisor/type", "xen\n").file("proc/xen/capabilities", "control_d\n").remove("dev/kvm");
  EXPECT_EQ(host.troubles(), (Troubles{{"xen", Level::weaker}, {"kvm-device", Level::broken}, {"microcode", Level::weaker}}));
}

TEST(Hosts, KsmOn) {
  HostFixture host = HostFixture::amd();
  host.file("sys/kernel/mm/ksm/run", "1\n").file("sys/kernel/mm/ksm/pages_shared", "4711\n");
  EXPECT_EQ(host.troubles(), (Troubles{{"ksm", Level::weaker}}));
  EXPECT_NE(host.finding("ksm").what.find("4711"), std::string::npos);
  host.remove("sys/kernel/mm/ksm");  // a kernel built without it
  EXPECT_EQ(host.troubles(), Troubles{});
}

TEST(Hosts, PlainSwapIsWeakerEncryptedAndCompressedAreNot) {
  HostFixture host = HostFixture::intel();
  std::string const header = "Filename Type Size Used Priority\n";
  host.file("proc/swaps", header + "/dev/zram0 partition 1 0 100\n/dev/dm-1 partition 1 0 -2\n/dev/mapper/swap partition 1 0 -3\n");
  host.file("sys/block/dm-1/dm/uuid", "CRYPT-PLAIN-swap1\n").link("dev/mapper/swap", "../dm-2").file("sys/block/dm-2/dm/uuid", "CRYPT-LUKS2-x\n");
  EXPECT_EQ(host.troubles(), Troubles{});
  host.file("sys/block/dm-1/dm/uuid", "LVM-abc\n");
  EXPECT_EQ(host.troubles(), (Troubles{{"swap", Level::weaker}}));
  host.file("proc/swaps", header + "/swapfile file 1 0 -2\n");
  EXPECT_EQ(host.troubles(), (Troubles{{"swap", Level::weaker}}));
  host.file("proc/swaps", header + "/dev/zram0 partition 1 0 100\n").file("sys/block/zram0/backing_dev", "/dev/sda3\n");
  EXPECT_EQ(host.troubles(), (Troubles{{"swap", Level::weaker}}));
}

TEST(Hosts, NoUserNamespaces) {
  HostFixture host = HostFixture::intel();
  host.file("proc/sys/user/max_user_namespaces", "0\n");
  EXPECT_EQ(host.troubles(), (Troubles{{"user-namespaces", Level::broken}}));
  host.asker.uid = 0;  // system mode does not need them
  EXPECT_EQ(host.troubles(), Troubles{});
}

TEST(Hosts, DebianHardened) {
  HostFixture host = HostFixture::amd();
  host.file("proc/sys/kernel/unprivileged_userns_clone", "0\n").file("proc/sys/kernel/core_pattern", "|/usr/lib/systemd/systemd-coredump %P\n");
  host.file("etc/subuid", "bob:100000:65536\n");
  EXPECT_EQ(host.troubles(), (Troubles{{"user-namespaces", Level::broken}, {"core-files", Level::weaker}, {"subordinate-ids", Level::weaker}}));
}

TEST(Hosts, AppArmorRestrictsNamespaces) {
  HostFixture host = HostFixture::amd();
  host.remove("proc/sys/kernel/unprivileged_userns_clone").file("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n");
  EXPECT_EQ(host.troubles(), (Troubles{{"user-namespaces", Level::broken}}));
}

TEST(Hosts, NoIommuAndOpenEnergyCounters) {
  HostFixture host = HostFixture::intel();
  host.remove("sys/kernel/iommu_groups").file("sys/class/powercap/intel-rapl:0/energy_uj", "1\n");
  EXPECT_EQ(host.troubles(), (Troubles{{"iommu", Level::weaker}, {"power-meter", Level::weaker}}));
  host.mode("sys/class/powercap/intel-rapl:0/energy_uj", 0400);
  EXPECT_EQ(host.troubles(), (Troubles{{"iommu", Level::weaker}}));
}

TEST(Hosts, OldCgroupsAndAnUndelegatedGroup) {
  HostFixture host = HostFixture::amd();
  host.file("sys/fs/cgroup/user.slice/app.slice/cgroup.controllers", "memory pids\n");
  EXPECT_EQ(host.troubles(), (Troubles{{"cgroups", Level::weaker}}));
  EXPECT_NE(host.finding("cgroups").what.find("lacks cpu;"), std::string::npos);
  host.remove("sys/fs/cgroup/cgroup.controllers");
  EXPECT_NE(host.finding("cgroups").what.find("no cgroup v2"), std::string::npos);
}

TEST(Hosts, UnsteadyClockOpenPtraceMitigationsOffLittleMemory) {
  HostFixture host = HostFixture::intel();
  host.file("sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n").file("proc/sys/kernel/yama/ptrace_scope", "0\n");
  host.file("proc/cmdline", "root=/dev/sda1 mitigations=off\n").file("proc/meminfo", "MemAvailable:   600000 kB\n").file("proc/misc", "232 kvm\n");
  EXPECT_EQ(host.troubles(), (Troubles{{"clock", Level::weaker}, {"ptrace", Level::weaker}, {"mitigations", Level::broken}, {"memory", Level::weaker}, {"dm-thin", Level::weaker}}));
}

TEST(Hosts, NothingToReadIsNeverOkWhereItMatters) {
  auto const troubles = HostFixture::empty().troubles();
  for (char const* id : {"cpu-vulnerabilities", "smt", "microcode", "mitigations", "ksm", "swap", "core-files", "iommu", "memory", "clock", "user-namespaces", "cgroups", "nested"}) {
    ASSERT_TRUE(troubles.contains(id)) << id;
    EXPECT_EQ(troubles.at(id), Level::unknown) << id;
  }
  EXPECT_EQ(troubles.at("kvm-device"), Level::broken);
}

// ---- the gate ----

GateAnswer::Verdict gate(HostFixture const& host, machine::Accel accel, bool hostile, bool overridden = false) {
  return host_gate(host.facts(), {accel, hostile, overridden}).verdict;
}

TEST(HostGate, ASoundHostStartsEverything) {
  EXPECT_EQ(gate(HostFixture::intel(), machine::Accel::kvm, true), GateAnswer::Verdict::open);
  EXPECT_EQ(gate(HostFixture::amd(), machine::Accel::kvm, false), GateAnswer::Verdict::open);
}

TEST(HostGate, ALeakyHostRefusesWhatIsExpectedHostileAndWarnsOtherwise) {
  for (char const* text : {"Vulnerable", "Mitigation: something new", "Unknown: No mitigations", ""}) {
    HostFixture host = HostFixture::intel();
    host.vulnerability("mds", text);
    EXPECT_EQ(gate(host, machine::Accel::kvm, true), GateAnswer::Verdict::refuse) << text;
    EXPECT_EQ(gate(host, machine::Accel::kvm, false), GateAnswer::Verdict::warn) << text;
    EXPECT_EQ(gate(host, machine::Accel::kvm, true, true), GateAnswer::Verdict::warn) << text;
    EXPECT_EQ(gate(host, machine::Accel::tcg, true), GateAnswer::Verdict::warn) << text;
    EXPECT_NE(host_gate(host.facts(), {machine::Accel::kvm, true, false}).why.find("mds"), std::string::npos);
  }
}

TEST(HostGate, SmtCountsWhereAFlawNeedsItOff) {
  HostFixture host = HostFixture::intel();
  host.vulnerability("mds", "Mitigation: Clear CPU buffers; SMT vulnerable");
  EXPECT_EQ(gate(host, machine::Accel::kvm, true), GateAnswer::Verdict::open);
  host.file("sys/devices/system/cpu/smt/active", "1\n");
  EXPECT_EQ(gate(host, machine::Accel::kvm, true), GateAnswer::Verdict::refuse);
  host.remove("sys/devices/system/cpu/smt");  // not known: as if it were on
  EXPECT_EQ(gate(host, machine::Accel::kvm, true), GateAnswer::Verdict::refuse);
}

TEST(HostGate, TheQuickFactsAreEnoughForIt) {
  HostFixture host = HostFixture::amd();
  host.vulnerability("tsa", "Vulnerable: Clear CPU buffers attempted, no microcode");
  EXPECT_EQ(judge_cpu(host.facts()).vulnerable, "tsa");
  EXPECT_EQ(judge_cpu(host.cpu_facts()).vulnerable, "tsa");
}

}  // namespace
}  // namespace bh::host
