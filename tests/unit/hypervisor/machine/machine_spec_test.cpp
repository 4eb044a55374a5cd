// What no driver may be asked to run is refused before one is asked.
#include "hypervisor/machine/machine_spec.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace bh::machine
