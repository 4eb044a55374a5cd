// What can go wrong with running qubes: each failure is named to the user, ends only what it must, and loses nothing.
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "tests/e2e/all/desktop.h"
#include "tests/e2e/all/installation.h"

namespace bh::e2e {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// One installation with two running qubes for the whole suite: starting them is what costs.
class Failures : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto desktop = Desktop::start();
    ASSERT_TRUE(desktop) << desktop.error().message;
    desktop_.emplace(*std::move(desktop));
    auto installation = Installation::create(desktop_->display());
    ASSERT_TRUE(installation) << installation.error().message;
    system_.emplace(*std::move(installation));
    ASSERT_TRUE(system_->start_daemon());
    for (auto const& [name, label] : {std::pair{"work", "blue"}, std::pair{"untrusted", "red"}}) {
      auto const created = system_->bulkhead({"create", "--label", label, name});
      ASSERT_EQ(created.code, 0) << created.err;
      auto const started = system_->bulkhead({"start", name});
      ASSERT_EQ(started.code, 0) << started.err;
    }
  }
  static void TearDownTestSuite() {
    system_.reset();
    desktop_.reset();
  }

  static bool answers(std::string const& qube) { return system_->in_qube(qube, {"true"}).code == 0; }
  static void open_terminal(std::string const& qube) {
    // In the guest's background, so that the call ends while the window stays.
    auto const started = system_->in_qube(qube, {"sh", "-c", "setsid foot >/dev/null 2>&1 &"});
    ASSERT_EQ(started.code, 0) << started.err;
    ASSERT_TRUE(eventually([&] { return desktop_->shows_window_of(qube); }, 120s)) << qube;
  }

  static inline std::optional<Desktop> desktop_;
  static inline std::optional<Installation> system_;
};

TEST_F(Failures, AnUnknownQubeIsNamed) {
  for (auto const& args : {std::vector<std::string>{"start", "nosuch"}, {"run", "nosuch", "--", "true"}, {"shutdown", "nosuch"}, {"prefs", "nosuch"}}) {
    auto const result = system_->bulkhead(args);
    EXPECT_NE(result.code, 0) << args[0];
    EXPECT_NE(result.err.find("nosuch"), std::string::npos) << args[0] << ": " << result.err;
  }
}

TEST_F(Failures, AMissingTemplateIsNamedAndTheQubeStaysHalted) {
  ASSERT_TRUE(system_->add_template("short-lived", ""));
  ASSERT_TRUE(eventually([] { return system_->state("short-lived") == "Halted"; }, 30s)) << "a new template is found";
  ASSERT_EQ(system_->bulkhead({"create", "--label", "gray", "--template", "short-lived", "orphan"}).code, 0);
  fs::remove_all(system_->root() / "var/lib/templates/short-lived");
  auto const result = system_->bulkhead({"start", "orphan"});
  EXPECT_NE(result.code, 0);
  EXPECT_NE(result.err.find("short-lived"), std::string::npos) << result.err;
  EXPECT_EQ(system_->state("orphan"), "Halted");
}

TEST_F(Failures, AQubeThatNeverAnswersIsEndedAtItsDeadlineAndNamed) {
  ASSERT_TRUE(system_->add_template("mute", "systemd.unit=emergency.target"));
  ASSERT_TRUE(eventually([] { return system_->state("mute") == "Halted"; }, 30s));
  ASSERT_EQ(system_->bulkhead({"create", "--label", "gray", "--template", "mute", "silent"}).code, 0);
  ASSERT_EQ(system_->bulkhead({"prefs", "silent", "qrexec_timeout", "20"}).code, 0);
  auto const result = system_->bulkhead({"start", "silent"});
  EXPECT_NE(result.code, 0);
  EXPECT_NE(result.err.find("silent"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("20"), std::string::npos) << "the deadline is named: " << result.err;
  EXPECT_TRUE(eventually([] { return system_->state("silent") == "Halted"; }));
  EXPECT_EQ(system_->recorded_pid("silent", "qemu"), 0);
}

TEST_F(Failures, AFullDiskWhileCopyingIsToldToTheSenderAndLeavesNoHalfFile) {
  // All but 4 MiB of the private volume is taken.
  auto const filled = system_->in_qube("untrusted", {"sh", "-c", "free=$(df --output=avail -k /home/user | tail -n 1) && fallocate -l $((free - 4096))K /home/user/ballast"});
  ASSERT_EQ(filled.code, 0) << filled.err;
  ASSERT_EQ(system_->in_qube("work", {"sh", "-c", "head -c 16777216 /dev/urandom > /home/user/large"}).code, 0);
  auto const copied = system_->in_qube("work", {"qvm-copy-to-vm", "untrusted", "/home/user/large"});
  EXPECT_NE(copied.code, 0);
  EXPECT_NE((copied.err + copied.out).find("not enough free space"), std::string::npos) << copied.err << copied.out;
  EXPECT_EQ(system_->in_qube("untrusted", {"find", "/home/user/QubesIncoming", "-name", "large*"}).out, "");
  EXPECT_EQ(system_->in_qube("work", {"stat", "-c", "%s", "/home/user/large"}).out, "16777216\n") << "the sender's file is untouched";
  EXPECT_EQ(system_->in_qube("untrusted", {"rm", "/home/user/ballast"}).code, 0);
  EXPECT_EQ(system_->in_qube("work", {"qvm-copy-to-vm", "untrusted", "/home/user/large"}).code, 0) << "with room again, it arrives";
}

TEST_F(Failures, GarbageFromAGuiAgentClosesThatQubesWindowsOnly) {
  open_terminal("work");
  open_terminal("untrusted");
  // A false agent: takes the real one's place on port 6000 and sends `bytes` after the connection.
  auto const false_agent = [](std::string const& bytes) {
    std::string const script =
        "use IO::Socket::UNIX; my $p = \"/run/bulkhead/vchan/vchan.$ENV{VCHAN_DOMAIN}.0.6000.sock\"; unlink $p;"
        "my $l = IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => $p, Listen => 1) or die; my $c = $l->accept; unlink $p;"
        "syswrite($c, " + bytes + "); sleep 8;";
    return system_->as_root("untrusted", {"sh", "-c", "systemctl stop bulkhead-gui-agent; set -a; . /run/bulkhead/qube.env; exec timeout 40 perl -e '" + script + "'"});
  };
  EXPECT_EQ(false_agent("\"\\xff\" x 4096").code, 0) << "garbage";
  EXPECT_TRUE(eventually([&] { return !desktop_->shows_window_of("untrusted"); }));
  // Version 1.8, then half a CREATE message and silence.
  EXPECT_EQ(false_agent("pack(\"V\", 0x10008) . pack(\"VVV\", 130, 7, 24) . \"half\"").code, 0) << "half a message";
  EXPECT_FALSE(desktop_->shows_window_of("untrusted"));
  EXPECT_TRUE(desktop_->shows_window_of("work")) << "the other qube's window stays";
  EXPECT_TRUE(answers("untrusted")) << "calls go on";
  ASSERT_EQ(system_->as_root("untrusted", {"systemctl", "start", "bulkhead-gui-agent"}).code, 0);
  open_terminal("untrusted");
}

TEST_F(Failures, KilledHelpersComeBackAndTheQubeGoesOn) {
  for (auto const* helper : {"hub", "qrexec-daemon", "gui-daemon"}) {
    int const pid = system_->recorded_pid("work", helper);
    ASSERT_GT(pid, 0) << helper;
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
    EXPECT_TRUE(eventually([&] { int const now = system_->recorded_pid("work", helper); return now > 0 && now != pid; })) << helper;
    EXPECT_TRUE(eventually([] { return answers("work"); }, 90s)) << helper;
    EXPECT_EQ(system_->state("work"), "Running");
  }
}

TEST_F(Failures, AKilledBulkheaddIsReplacedAndAdoptsItsQubes) {
  int const machine = system_->recorded_pid("work", "qemu");
  ASSERT_GT(machine, 0);
  ASSERT_TRUE(system_->daemon().signal(SIGKILL));
  ASSERT_TRUE(*system_->daemon().wait(Clock::now() + 10s));
  EXPECT_EQ(::kill(machine, 0), 0) << "the machine runs on";
  ASSERT_TRUE(system_->start_daemon());
  EXPECT_EQ(system_->state("work"), "Running");
  EXPECT_EQ(system_->recorded_pid("work", "qemu"), machine);
  EXPECT_TRUE(answers("work"));
}

TEST_F(Failures, AMachineThatDiesIsHaltedAndCanBeStartedAgainWithItsData) {
  ASSERT_EQ(system_->in_qube("untrusted", {"sh", "-c", "echo kept > /home/user/kept && sync"}).code, 0);
  int const machine = system_->recorded_pid("untrusted", "qemu");
  ASSERT_GT(machine, 0);
  ASSERT_EQ(::kill(machine, SIGKILL), 0);
  EXPECT_TRUE(eventually([] { return system_->state("untrusted") == "Halted"; }));
  EXPECT_TRUE(eventually([] { return system_->recorded_pid("untrusted", "hub") == 0; })) << "its helpers end with it";
  EXPECT_EQ(system_->state("work"), "Running");
  auto const again = system_->bulkhead({"start", "untrusted"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(system_->in_qube("untrusted", {"cat", "/home/user/kept"}).out, "kept\n");
}

TEST_F(Failures, StoppingTheDaemonLeavesNoProcess) {
  ASSERT_TRUE(system_->daemon().terminate(60s));
  EXPECT_TRUE(eventually([] { return processes_of(system_->root()).empty(); }, 20s));
  // QEMU's sealed memory, overlays and sockets are gone with it; the private volumes stay.
  EXPECT_TRUE(fs::exists(system_->root() / "var/lib/volumes/work/private.img"));
}

}  // namespace
}  // namespace bh::e2e
