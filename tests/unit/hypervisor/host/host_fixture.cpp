#include "tests/unit/hypervisor/host/host_fixture.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "hypervisor/host/cpu_vulnerability.h"
#include "hypervisor/host/judge.h"

namespace bh::host {

namespace fs = std::filesystem;

HostFixture HostFixture::empty() {
  auto dir = TempDir::create("host-fixture");
  BH_ASSERT(dir.ok());
  return HostFixture(*std::move(dir));
}

HostFixture HostFixture::common(std::string const& cpuinfo) {
  HostFixture host = empty();
  host.file("proc/cpuinfo", cpuinfo + "\nprocessor\t: 1\nvendor_id\t: other\n");
  for (auto const name : expected_vulnerabilities()) host.vulnerability(std::string(name), "Not affected");
  host.file("sys/devices/system/cpu/smt/active", "0\n").file("sys/devices/system/cpu/smt/control", "notsupported\n");
  host.file("proc/sys/kernel/osrelease", "6.1.0-40-amd64\n").file("proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/mapper/root ro quiet\n");
  host.file("sys/kernel/mm/ksm/run", "0\n").file("sys/kernel/mm/ksm/pages_shared", "0\n");
  host.file("proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
  host.file("sys/kernel/iommu_groups/0/type", "DMA-FQ\n").file("sys/kernel/iommu_groups/1/type", "DMA-FQ\n");
  host.file("proc/sys/kernel/core_pattern", "core\n").file("proc/sys/kernel/yama/ptrace_scope", "1\n");
  host.file("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
  host.file("proc/meminfo", "MemTotal:       16000000 kB\nMemFree:         9000000 kB\nMemAvailable:   12000000 kB\n");
  host.file("dev/kvm", "").mode("dev/kvm", 0660);
  host.file("proc/sys/user/max_user_namespaces", "62000\n").file("proc/sys/kernel/unprivileged_userns_clone", "1\n");
  host.file("etc/subuid", "root:1:2\nann:100000:65536\n").file("etc/subgid", "ann:100000:65536\n");
  host.file("usr/bin/newuidmap", "").file("usr/bin/newgidmap", "");
  host.file("proc/self/cgroup", "0::/user.slice/app.slice\n").file("sys/fs/cgroup/cgroup.controllers", "cpu io memory pids\n");
  host.file("sys/fs/cgroup/user.slice/app.slice/cgroup.controllers", "cpu memory pids\n").file("sys/fs/cgroup/user.slice/app.slice/cgroup.procs", "1\n");
  host.file("proc/misc", "232 kvm\n236 device-mapper\n").file("lib/modules/6.1.0-40-amd64/modules.dep", "kernel/drivers/md/dm-thin-pool.ko: kernel/drivers/md/dm-mod.ko\n");
  return host;
}

HostFixture HostFixture::intel() {
  HostFixture host = common("processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 154\nmodel name\t: 12th Gen Intel(R) Core(TM) i5\nstepping\t: 3\nmicrocode\t: 0x437\n"
                            "flags\t\t: fpu vme constant_tsc nonstop_tsc vmx\n");
  host.vulnerability("spectre_v1", "Mitigation: usercopy/swapgs barriers and __user pointer sanitization");
  host.vulnerability("spectre_v2", "Mitigation: Enhanced / Automatic IBRS; IBPB: conditional; RSB filling; PBRSB-eIBRS: SW sequence; BHI: BHI_DIS_S");
  host.vulnerability("spec_store_bypass", "Mitigation: Speculative Store Bypass disabled via prctl").vulnerability("reg_file_data_sampling", "Mitigation: Clear Register File");
  host.vulnerability("vmscape", "Mitigation: IBPB before exit to userspace");
  host.file("lib/firmware/intel-ucode/README", "x");
  return host;
}

HostFixture HostFixture::amd() {
  HostFixture host = common("processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 80\nmodel name\t: AMD Ryzen 7 5800U\nstepping\t: 0\nmicrocode\t: 0xa50000d\n"
                            "flags\t\t: fpu vme constant_tsc nonstop_tsc svm\n");
  host.vulnerability("spec_rstack_overflow", "Mitigation: Safe RET").vulnerability("tsa", "Mitigation: Clear CPU buffers");
  host.vulnerability("spectre_v2", "Mitigation: Retpolines; IBPB: conditional; IBRS_FW; STIBP: always-on; RSB filling; PBRSB-eIBRS: Not affected; BHI: Not affected");
  host.vulnerability("retbleed", "Mitigation: untrained return thunk; SMT enabled with STIBP protection");
  host.file("lib/firmware/amd-ucode/README", "x");
  return host;
}

HostFixture& HostFixture::file(std::string const& path, std::string const& content) {
  fs::create_directories((dir_.path() / path).parent_path());
  std::ofstream(dir_.path() / path, std::ios::binary) << content;
  return *this;
}

HostFixture& HostFixture::remove(std::string const& path) {
  EXPECT_GT(fs::remove_all(dir_.path() / path), 0U) << path;
  return *this;
}

HostFixture& HostFixture::flags(std::string const& more) {
  std::ostringstream text;
  text << std::ifstream(dir_.path() / "proc/cpuinfo").rdbuf();
  std::string content = text.str();
  content.insert(content.find(": fpu") + 2, more + " ");
  return file("proc/cpuinfo", content);
}

HostFixture& HostFixture::link(std::string const& path, std::string const& target) {
  fs::create_directories((dir_.path() / path).parent_path());
  fs::create_symlink(target, dir_.path() / path);
  return *this;
}

HostFixture& HostFixture::mode(std::string const& path, unsigned bits) {
  EXPECT_EQ(::chmod((dir_.path() / path).c_str(), bits), 0) << path;
  return *this;
}

std::map<std::string, Level> HostFixture::troubles() const {
  std::map<std::string, Level> out;
  for (auto const& finding : judge(facts())) {
    if (finding.level != Level::ok) out[finding.id] = finding.level;
  }
  return out;
}

Finding HostFixture::finding(std::string_view id) const {
  for (auto const& finding : judge(facts())) {
    if (finding.id == id) return finding;
  }
  ADD_FAILURE() << "no finding " << id;
  return {};
}

}  // namespace bh::host
