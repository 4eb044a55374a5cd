// What a wire promises, against a real QEMU and a real guest.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include "tests/integration/hypervisor/network/frames.h"
#include "tests/integration/hypervisor/network/wired_guest.h"

namespace bh::network::test {
namespace {

using namespace std::chrono_literals;
using machine::WireSlot;

class WireTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto const image = qemu::test::find_template();
    if (!image) return;
    auto started = WiredGuest::start(*image);
    ASSERT_TRUE(started.ok()) << started.error().message;
    guest_ = *std::move(started);
  }
  static void TearDownTestSuite() { guest_.reset(); }
  void SetUp() override {
    if (!guest_) GTEST_SKIP() << qemu::test::kNoTemplate;
  }
  static void unplug(WireSlot slot) {
    ASSERT_TRUE(guest_->machine().detach_wire(slot).ok());
    auto const detached = machine::wait_for_event<machine::WireDetached>(guest_->machine(), qemu::test::in_time());
    ASSERT_TRUE(detached.ok()) << detached.error().message;
    EXPECT_EQ(detached->slot, slot);
  }
  static inline std::unique_ptr<WiredGuest> guest_;
};

// The first also waits for the guest to boot: its card is set up once udev runs and dom0's facts are there.
TEST_F(WireTest, APluggedCardIsSetUpFromDom0sFactsAlone) {
  auto const wire = guest_->plug(WireSlot(0));
  ASSERT_TRUE(wire.ok()) << wire.error().message;
  auto const who = ask_for_guest(*wire, 300s);
  ASSERT_TRUE(who) << guest_->console();
  EXPECT_EQ(to_string(*who), to_string(default_mac()));
  unplug(WireSlot(0));
}

TEST_F(WireTest, ACardForAClientIsSetUpAsOne) {
  auto const wire = guest_->plug(WireSlot(1));
  ASSERT_TRUE(wire.ok()) << wire.error().message;
  auto const who = ask_for_guest(*wire, 120s);
  ASSERT_TRUE(who) << guest_->console();
  EXPECT_EQ(to_string(*who), to_string(far_mac(kGatewayAddress)));
  unplug(WireSlot(1));
}

}  // namespace
}  // namespace bh::network::test
