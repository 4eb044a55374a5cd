#include "hypervisor/host/qemu_facts.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/temp_dir.h"

namespace bh::host {
namespace {

QemuFacts good() {
  return {{7, 2, 22}, "Debian 1:7.2", {"tcg", "kvm"},
          {"virtio-blk-pci", "virtio-serial-pci", "virtserialport", "ivshmem-plain", "virtio-rng-pci", "virtio-net-pci", "virtio-balloon-pci", "pcie-root-port"}};
}

TEST(QemuFacts, VersionLines) {
  EXPECT_EQ(parse_qemu_version("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)"), (QemuVersion{7, 2, 22}));
  EXPECT_EQ(parse_qemu_version("QEMU emulator version 10.0.2"), (QemuVersion{10, 0, 2}));
  EXPECT_EQ(parse_qemu_version("QEMU emulator version 9.1"), (QemuVersion{9, 1, 0}));
  for (char const* text : {"", "QEMU emulator version", "QEMU emulator version 7", "QEMU emulator version 7.x.1", "qemu-kvm 7.2.0", "QEMU emulator version -7.2.0", "QEMU emulator version 7.2.99999"}) {
    EXPECT_EQ(parse_qemu_version(text), std::nullopt) << text;
  }
}

TEST(QemuFacts, ListsOfAcceleratorsAndDevices) {
  EXPECT_EQ(parse_accel_help("Accelerators supported in QEMU binary:\ntcg\nxen\nkvm\n"), (std::set<std::string>{"kvm", "tcg", "xen"}));
  EXPECT_EQ(parse_device_help("Storage devices:\nname \"virtio-blk-pci\", bus PCI, alias \"virtio-blk\"\nname \"nvme\", bus PCI, desc \"x\"\nname \"cut"), (std::set<std::string>{"nvme", "virtio-blk-pci"}));
}

TEST(QemuFacts, Judged) {
  EXPECT_EQ(judge_qemu(good()).level, Level::ok);
  EXPECT_NE(judge_qemu(good()).what.find("no virtio-sound"), std::string::npos);
  QemuFacts newest = good();
  newest.version = {11, 0, 0};
  EXPECT_EQ(judge_qemu(newest).what, "QEMU 11.0.0 (Debian 1:7.2)");
  QemuFacts old = good();
  old.version = {7, 1, 9};
  EXPECT_EQ(judge_qemu(old).level, Level::broken);
  QemuFacts bare = good();
  bare.devices.erase("ivshmem-plain");
  EXPECT_EQ(judge_qemu(bare).level, Level::broken);
  EXPECT_NE(judge_qemu(bare).what.find("ivshmem-plain"), std::string::npos);
  QemuFacts tcg = good();
  tcg.accels.erase("kvm");
  EXPECT_EQ(judge_qemu(tcg).level, Level::broken);
  EXPECT_EQ(judge_qemu(Failure{Error{"no such program", 2}}).level, Level::broken);
}

TEST(QemuFacts, AProgramThatIsAbsentOrAnotherIsAnError) {
  EXPECT_FALSE(ask_qemu("/nonexistent/qemu").ok());
  auto const answer = ask_qemu("/bin/true");
  ASSERT_FALSE(answer.ok());
  EXPECT_NE(answer.error().message.find("--version says"), std::string::npos);
}

}  // namespace
}  // namespace bh::host
