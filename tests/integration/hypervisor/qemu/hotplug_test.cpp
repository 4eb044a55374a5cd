// Cards that come and go while a guest runs, in QEMU's own eyes. (What goes over such a wire is hypervisor/network's business.)
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

#include "tests/integration/hypervisor/qemu/ticking_guest.h"

namespace bh::qemu::test {
namespace {

using namespace machine;

class Hotplug : public testing::Test {
 protected:
  void SetUp() override {
    auto const image = find_template();
    if (!image) GTEST_SKIP() << kNoTemplate;
    temp_.emplace(*TempDir::create("bh-hotplug"));
    spec_ = spec_in(*temp_, *image);
    make_ticking_initrd(image->initrd, temp_->path() / "initrd");
    spec_.initrd = temp_->path() / "initrd";
    spec_.private_volume = temp_->path() / "private";
    ASSERT_TRUE(write_file_atomically(*spec_.private_volume, "8-bytes!" + std::string(kPlaceholderSize - 8, '\0')).ok());
    spec_.wires = WireCount(2);
    auto machine = vmm_.start(spec_);
    ASSERT_TRUE(machine.ok()) << machine.error().message;
    machine_ = *std::move(machine);
    killed_.emplace(*machine_);
    ASSERT_TRUE(wait_for_tick(*machine_, console_log(spec_.run_folder), [](Tick const&) { return true; }).has_value());
  }
  static FdPair make_wire() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
  }
  std::optional<TempDir> temp_;
  MachineSpec spec_;
  QemuVmm vmm_{built_jail()};
  std::unique_ptr<Machine> machine_;
  std::optional<Killed> killed_;
};

TEST_F(Hotplug, CardComesAndGoesAndComesAgain) {
  for (int round = 0; round < 2; ++round) {
    FdPair wire = make_wire();
    ASSERT_TRUE(machine_->attach_wire(WireSlot(1), std::move(wire.first), MacAddress{{0, 0x16, 0x3E, 0x5E, 0x6C, 1}}).ok());
    auto const attached = wait_for_event<WireAttached>(*machine_, in_time());
    ASSERT_TRUE(attached.ok()) << attached.error().message;
    EXPECT_EQ(attached->slot, WireSlot(1));
    ASSERT_TRUE(machine_->attach_wire(WireSlot(1), make_wire().first, MacAddress{}).ok());
    auto const refused = wait_for_event<RequestFailed>(*machine_, in_time());
    ASSERT_TRUE(refused.ok()) << refused.error().message;
    EXPECT_EQ(refused->request, Request::attach_wire);
    ASSERT_TRUE(machine_->detach_wire(WireSlot(1)).ok());
    auto const detached = wait_for_event<WireDetached>(*machine_, in_time());
    ASSERT_TRUE(detached.ok()) << detached.error().message;
    // Nobody holds the other end any more.
    std::array<std::byte, 1> byte{};
    EXPECT_FALSE(write_some(wire.second, byte).ok()) << "QEMU, or we, still hold the wire's end";
  }
}

TEST_F(Hotplug, SlotThatIsNotThereIsRefused) {
  ASSERT_TRUE(machine_->attach_wire(WireSlot(2), make_wire().first, MacAddress{}).ok());
  EXPECT_TRUE(wait_for_event<RequestFailed>(*machine_, in_time()).ok());
  ASSERT_TRUE(machine_->detach_wire(WireSlot(0)).ok());
  EXPECT_TRUE(wait_for_event<RequestFailed>(*machine_, in_time()).ok()) << "no card in that slot";
}

TEST_F(Hotplug, VolumeIsResizedWhileTheGuestLooks) {
  ASSERT_TRUE(machine_->resize_volume(Volume::private_volume, mebibytes(4)).ok());
  ASSERT_TRUE(wait_for_event<VolumeResized>(*machine_, in_time()).ok());
  EXPECT_TRUE(wait_for_tick(*machine_, console_log(spec_.run_folder), [](Tick const& tick) { return tick.private_sectors == 8192; }).has_value())
      << read_file(console_log(spec_.run_folder), 1 << 20).value_or("");
}

TEST_F(Hotplug, BalloonIsAskedForAndMemoryMeasured) {
  EXPECT_TRUE(machine_->set_balloon(Mebibytes(128)).ok());
  auto const used = machine_->memory_in_use();
  ASSERT_TRUE(used.ok());
  EXPECT_GT(*used, mebibytes(8));
  EXPECT_LE(*used, mebibytes(256));
}

}  // namespace
}  // namespace bh::qemu::test
