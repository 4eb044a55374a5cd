// A machine whose QEMU lies: a harmless process in its place, and the test at the other end of the control connection.
#include "hypervisor/qemu/qemu_machine.h"

#include <gtest/gtest.h>

#include "hypervisor/machine/wait_for_event.h"

namespace bh::qemu {
namespace {

using namespace machine;

Deadline soon() { return Clock::now() + std::chrono::seconds(20); }

class QemuMachineTest : public testing::Test {
 protected:
  void start(std::vector<std::string> argv = {"sleep", "1000"}) {
    auto process = ChildProcess::spawn({.argv = std::move(argv), .die_with_parent = true});
    ASSERT_TRUE(process.ok());
    auto pair = make_socket_pair();
    ASSERT_TRUE(pair.ok());
    qmp_ = std::move(pair->first);
    QemuHandles handles;
    handles.qmp = std::move(pair->second);
    handles.console = *open_console();
    auto made = QemuMachine::create(*std::move(process), std::move(handles));
    ASSERT_TRUE(made.ok());
    machine_ = *std::move(made);
  }
  void TearDown() override {
    if (machine_ == nullptr) return;
    ASSERT_TRUE(machine_->kill().ok());
    // Nothing comes if the test has seen it stop already.
    (void)wait_for_event<MachineStopped>(*machine_, Clock::now() + std::chrono::milliseconds(500));
  }
  static Result<UniqueFd> open_console() { return make_sealed_memory("console", 4096); }
  void say(std::string_view text) { ASSERT_TRUE(write_all(qmp_, as_bytes(text)).ok()); }

  UniqueFd qmp_;
  std::unique_ptr<Machine> machine_;
};

TEST_F(QemuMachineTest, RubbishEndsTheConversationButNotThePowerToKill) {
  start();
  say("SSH-2.0-OpenSSH\n");
  EXPECT_TRUE(wait_for_event<MonitorLost>(*machine_, soon()).ok());
  EXPECT_FALSE(machine_->pause().ok());
  ASSERT_TRUE(machine_->kill().ok());
  auto const stopped = wait_for_event<MachineStopped>(*machine_, soon());
  ASSERT_TRUE(stopped.ok());
  EXPECT_EQ(stopped->reason, StopReason::killed);
}

TEST_F(QemuMachineTest, EndlessLineIsCutOff) {
  start();
  ASSERT_TRUE(set_nonblocking(qmp_, true).ok());
  std::string const blanks(4096, ' ');
  bool lost = false;
  for (int turn = 0; turn < 1000 && !lost; ++turn) {
    (void)write_some(qmp_, as_bytes(blanks));
    for (auto const& event : machine_->handle()) lost = lost || std::holds_alternative<MonitorLost>(event);
  }
  EXPECT_TRUE(lost);
}

TEST_F(QemuMachineTest, ClosedConnectionOfALivingProcessIsTold) {
  start();
  qmp_.reset();
  EXPECT_TRUE(wait_for_event<MonitorLost>(*machine_, soon()).ok());
}

TEST_F(QemuMachineTest, ClosedConnectionOfAnEndingProcessIsNoAlarm) {
  start({"true"});
  qmp_.reset();
  std::vector<MachineEvent> seen;
  auto const is_stop = [](MachineEvent const& event) { return std::holds_alternative<MachineStopped>(event); };
  ASSERT_TRUE(wait_for_event(*machine_, is_stop, soon(), &seen).ok());
  EXPECT_EQ(seen.size(), 1U);
}

TEST_F(QemuMachineTest, LastWordsBeforeTheEndAreHeard) {
  start({"true"});
  say("{\"QMP\": {}}\n{\"event\":\"SHUTDOWN\",\"data\":{\"reason\":\"guest-shutdown\"}}\n");
  auto const stopped = wait_for_event<MachineStopped>(*machine_, soon());
  ASSERT_TRUE(stopped.ok());
  EXPECT_EQ(stopped->reason, StopReason::guest_powered_off);
}

TEST_F(QemuMachineTest, FailureIsToldWithItsCode) {
  start({"false"});
  auto const stopped = wait_for_event<MachineStopped>(*machine_, soon());
  ASSERT_TRUE(stopped.ok());
  EXPECT_EQ(stopped->reason, StopReason::failed);
  EXPECT_EQ(stopped->text, "QEMU ended with exit code 1");
}

TEST_F(QemuMachineTest, StoppedMachineIsSilent) {
  start({"true"});
  ASSERT_TRUE(wait_for_event<MachineStopped>(*machine_, soon()).ok());
  EXPECT_TRUE(machine_->handle().empty());
  auto const readable = wait_for(machine_->pollable(), POLLIN, Clock::now());
  EXPECT_TRUE(readable.ok() && !*readable);
}

TEST_F(QemuMachineTest, SilentQemuLeavesOnlyKill) {
  start();
  for (int i = 0; i < 32; ++i) EXPECT_TRUE(machine_->pause().ok());
  EXPECT_FALSE(machine_->pause().ok());
  EXPECT_TRUE(machine_->kill().ok());
}

}  // namespace
}  // namespace bh::qemu
