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

constexpr int kHostileFrames = 100000;

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
  // Until the guest reads from the wire no more for the moment, or the limit.
  static bool send(UniqueFd const& wire, Bytes const& frame) {
    for (Deadline const deadline = Clock::now() + 60s; Clock::now() < deadline;) {
      if (::send(wire.borrow(), frame.data(), frame.size(), MSG_DONTWAIT) >= 0) return true;
      if (errno == EMSGSIZE || errno == ENOBUFS) return true;  // more than a datagram of this host can be: nobody gets it
      if (errno != EAGAIN) return false;
      if (!wait_for(wire, POLLOUT, Clock::now() + 1s)) return false;
    }
    return false;
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

TEST_F(WireTest, HostileFramesHarmNobody) {
  auto const wire = guest_->plug(WireSlot(0));
  ASSERT_TRUE(wire.ok()) << wire.error().message;
  ASSERT_TRUE(ask_for_guest(*wire, 120s)) << guest_->console();
  std::mt19937 random(7);
  std::array<std::byte, 70000> answer;
  for (int i = 0; i < kHostileFrames; ++i) {
    ASSERT_TRUE(send(*wire, hostile_frame(random, default_mac()))) << "frame " << i << ": the wire is stuck or gone";
    while (::recv(wire->borrow(), answer.data(), answer.size(), MSG_DONTWAIT) > 0) {
    }
  }
  EXPECT_TRUE(guest_->alive());
  EXPECT_TRUE(ask_for_guest(*wire, 120s)) << "the guest still answers";
  for (auto const* bad : {"BUG:", "Oops", "Kernel panic", "general protection"}) EXPECT_EQ(guest_->console().find(bad), std::string::npos) << bad;
  unplug(WireSlot(0));
}

TEST_F(WireTest, AGuestThatKeepsItsCardKeepsNoWire) {
  auto const wire = guest_->plug(WireSlot(0));
  ASSERT_TRUE(wire.ok());
  ASSERT_TRUE(ask_for_guest(*wire, 120s));
  ASSERT_TRUE(guest_->machine().pause().ok());
  ASSERT_TRUE(machine::wait_for_event<machine::MachinePaused>(guest_->machine(), qemu::test::in_time()).ok());
  ASSERT_TRUE(guest_->machine().detach_wire(WireSlot(0)).ok());
  // A guest that does not run lets go of nothing; its end of the wire is closed all the same.
  bool closed = false;
  for (Deadline const deadline = Clock::now() + 30s; !closed && Clock::now() < deadline; ::usleep(20000)) {
    (void)guest_->machine().handle();
    closed = ::send(wire->borrow(), "x", 1, MSG_DONTWAIT) < 0 && errno == ECONNREFUSED;
  }
  EXPECT_TRUE(closed);
  ASSERT_TRUE(guest_->machine().resume().ok());
  EXPECT_TRUE(machine::wait_for_event<machine::WireDetached>(guest_->machine(), qemu::test::in_time()).ok()) << "and once it runs again, it lets go";
}

TEST_F(WireTest, AFarEndThatDiesLeavesTheGuestRunning) {
  {
    auto const wire = guest_->plug(WireSlot(0));
    ASSERT_TRUE(wire.ok());
    ASSERT_TRUE(ask_for_guest(*wire, 120s));
  }
  auto const other = guest_->plug(WireSlot(1));
  ASSERT_TRUE(other.ok());
  EXPECT_TRUE(ask_for_guest(*other, 120s));
  EXPECT_TRUE(guest_->alive());
  unplug(WireSlot(0));
  unplug(WireSlot(1));
}

}  // namespace
}  // namespace bh::network::test
