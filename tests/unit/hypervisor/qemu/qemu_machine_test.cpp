// A machine whose QEMU lies: a harmless process in its place, and the test at the other end of the control connection.
#include "hypervisor/qemu/qemu_machine.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "base/temp_dir.h"
#include "base/unix_socket.h"
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
    handles_.qmp = std::move(pair->second);
    handles_.console = *open_console();
    auto made = QemuMachine::create(*std::move(process), std::move(handles_));
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

  QemuHandles handles_;
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

TEST_F(QemuMachineTest, SilentQemuIsConnectedAgainAndThenGivenUp) {
  auto const temp = TempDir::create("bh-qmp");
  ASSERT_TRUE(temp.ok());
  handles_.qmp_path = temp->path() / "qmp.sock";
  handles_.turn = std::chrono::milliseconds(20);
  auto const listener = listen_unix(handles_.qmp_path);
  ASSERT_TRUE(listener.ok());
  start();
  auto const lost = wait_for_event<MonitorLost>(*machine_, soon());
  ASSERT_TRUE(lost.ok()) << lost.error().message;
  EXPECT_NE(lost->text.find("does not answer"), std::string::npos) << lost->text;
  for (int connection = 0; connection < 2; ++connection) EXPECT_TRUE(wait_for(*listener, POLLIN, soon()).value_or(false) && accept_unix(*listener).ok());
}

TEST_F(QemuMachineTest, ConnectionMadeAgainServes) {
  auto const temp = TempDir::create("bh-qmp");
  ASSERT_TRUE(temp.ok());
  handles_.qmp_path = temp->path() / "qmp.sock";
  handles_.turn = std::chrono::milliseconds(500);
  auto const listener = listen_unix(handles_.qmp_path);
  ASSERT_TRUE(listener.ok());
  start();
  ASSERT_TRUE(machine_->pause().ok());
  std::thread qemu([&] {
    (void)wait_for(*listener, POLLIN, soon());
    auto peer = accept_unix(*listener);
    ASSERT_TRUE(peer.ok());
    ASSERT_TRUE(write_all(*peer, as_bytes("{\"QMP\": {\"version\": {}, \"capabilities\": []}}\n")).ok());
    std::string heard;
    for (int answered = 0; answered < 3;) {
      std::array<std::byte, 256> buffer;
      (void)wait_for(*peer, POLLIN, soon());
      auto const got = read_some(*peer, buffer);
      ASSERT_TRUE(got.ok() && *got > 0);
      heard += as_text(ByteSpan(buffer).first(*got));
      for (std::size_t end; (end = heard.find('\n')) != std::string::npos; heard.erase(0, end + 1), ++answered) {
        std::string const id = heard.substr(heard.find("\"id\":") + 5, heard.find('}') - heard.find("\"id\":") - 5);
        bool const status = heard.find("query-status") < end;
        std::string const answer = std::string("{\"return\":{") + (status ? "\"status\":\"running\"" : "") + "},\"id\":" + id + "}\n";
        ASSERT_TRUE(write_all(*peer, as_bytes((heard.find("\"stop\"") < end ? "{\"event\":\"STOP\"}\n" : "") + answer)).ok());
      }
    }
  });
  EXPECT_TRUE(wait_for_event<MachinePaused>(*machine_, soon()).ok());
  qemu.join();
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
