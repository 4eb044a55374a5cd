// What no driver may be asked to run is refused before one is asked.
#include "hypervisor/machine/machine_spec.h"

#include <gtest/gtest.h>

#include "base/posix_io.h"
#include "hypervisor/machine/mac_address.h"
#include "hypervisor/machine/volume_node.h"

namespace bh::machine {
namespace {

MachineSpec good() {
  MachineSpec spec;
  spec.name = "work";
  spec.uuid = "12345678-9abc-4def-8000-000000000001";
  spec.kernel = "/t/vmlinux";
  spec.initrd = "/t/initrd.img";
  spec.run_folder = "/run/work";
  spec.log_file = "/log/work";
  return spec;
}

template <class Change>
bool accepted_with(Change&& change) {
  MachineSpec spec = good();
  change(spec);
  return check(spec).ok();
}

TEST(MachineSpec, GoodOneIsAccepted) { EXPECT_TRUE(check(good()).ok()); }

TEST(MachineSpec, SizesHaveLimits) {
  EXPECT_FALSE(accepted_with([](auto& spec) { spec.memory = Mebibytes(63); }));
  EXPECT_TRUE(accepted_with([](auto& spec) { spec.memory = Mebibytes(64); }));
  EXPECT_TRUE(accepted_with([](auto& spec) { spec.memory = Mebibytes(1U << 20); }));
  EXPECT_FALSE(accepted_with([](auto& spec) { spec.memory = Mebibytes((1U << 20) + 1); }));
  EXPECT_FALSE(accepted_with([](auto& spec) { spec.vcpus = VcpuCount(0); }));
  EXPECT_TRUE(accepted_with([](auto& spec) { spec.vcpus = VcpuCount(64); }));
  EXPECT_FALSE(accepted_with([](auto& spec) { spec.vcpus = VcpuCount(65); }));
}

TEST(MachineSpec, WindowMemoryIsAPowerOfTwoOrNone) {
  EXPECT_TRUE(accepted_with([](auto& spec) { spec.window_memory = ByteCount(0); }));
  EXPECT_TRUE(accepted_with([](auto& spec) { spec.window_memory = mebibytes(1); }));
  EXPECT_FALSE(accepted_with([](auto& spec) { spec.window_memory = ByteCount(4096); }));
  EXPECT_FALSE(accepted_with([](auto& spec) { spec.window_memory = mebibytes(48); }));  // QEMU aborts on this one
  EXPECT_TRUE(accepted_with([](auto& spec) { spec.window_memory = mebibytes(2048); }));
  EXPECT_FALSE(accepted_with([](auto& spec) { spec.window_memory = mebibytes(4096); }));
}

TEST(MachineSpec, TextsThatCouldForgeAreRefused) {
  EXPECT_FALSE(accepted_with([](auto& spec) { spec.name = ""; }));
  EXPECT_FALSE(accepted_with([](auto& spec) { spec.name = std::string("a\0b", 3); }));
  EXPECT_FALSE(accepted_with([](auto& spec) { spec.name = "a\nb"; }));
  EXPECT_FALSE(accepted_with([](auto& spec) { spec.name = std::string(65, 'a'); }));
  EXPECT_FALSE(accepted_with([](auto& spec) { spec.cmdline = "quiet\ninit=/bin/sh"; }));
  EXPECT_FALSE(accepted_with([](auto& spec) { spec.cmdline = std::string(1501, 'a'); }));
  EXPECT_FALSE(accepted_with([](auto& spec) { spec.uuid = "12345678-9abc-4def-8000-00000000000"; }));
  EXPECT_FALSE(accepted_with([](auto& spec) { spec.uuid = "12345678-9abc-4def-8000-00000000000,"; }));
}

TEST(MachineSpec, RootImageNeedsPlaceForItsOverlay) {
  EXPECT_FALSE(accepted_with([](auto& spec) { spec.root_image = "/t/root.img"; }));
  EXPECT_TRUE(accepted_with([](auto& spec) {
    spec.root_image = "/t/root.img";
    spec.overlay_folder = "/tmp";
  }));
}

TEST(MachineSpec, SnapshotNeedsItsFiles) {
  auto const some = std::make_shared<UniqueFd>(*make_sealed_memory("file", 4096));
  EXPECT_TRUE(accepted_with([&](auto& spec) { spec.restore_from = SnapshotFiles{some, some, nullptr}; }));
  EXPECT_FALSE(accepted_with([&](auto& spec) { spec.restore_from = SnapshotFiles{some, nullptr, nullptr}; }));
  EXPECT_FALSE(accepted_with([&](auto& spec) { spec.restore_from = SnapshotFiles{nullptr, some, nullptr}; }));
  EXPECT_FALSE(accepted_with([&](auto& spec) { spec.restore_from = SnapshotFiles{some, some, some}; })) << "an overlay of nothing";
  EXPECT_FALSE(accepted_with([&](auto& spec) { spec.restore_from = SnapshotFiles{some, some, nullptr, some}; })) << "its balloon would take its siblings' memory";
  EXPECT_TRUE(accepted_with([&](auto& spec) { spec.restore_from = SnapshotFiles{some, some, nullptr, some}, spec.balloon = false; }));
}

TEST(MachineSpec, NamesOfVolumesReadBack) {
  for (Volume const volume : {Volume::root, Volume::private_volume, Volume::volatile_volume}) EXPECT_EQ(volume_of(to_string(volume)), volume);
  EXPECT_EQ(volume_of("template"), std::nullopt);
  EXPECT_EQ(to_string(MacAddress{{0x00, 0x16, 0x3E, 0x5E, 0x6C, 0x0A}}), "00:16:3e:5e:6c:0a");
}

}  // namespace
}  // namespace bh::machine
