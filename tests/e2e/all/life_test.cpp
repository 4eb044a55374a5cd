// Real guests: cold and warm starts, four at once, a bulkheadd that is killed in the middle of each, guests that die, disposables.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <future>
#include <set>
#include <thread>

#include "tests/e2e/all/installation.h"

namespace bh::e2e {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::string first_line(std::string const& text) { return text.substr(0, text.find('\n')); }

// One installation for all: the template and the first snapshot are what costs.
class Life : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto installation = Installation::create("");
    ASSERT_TRUE(installation) << installation.error().message;
    system_.emplace(*std::move(installation));
    ASSERT_TRUE(system_->start_daemon());
    for (auto const& [name, label] : {std::pair{"work", "blue"}, {"one", "red"}, {"two", "red"}, {"three", "red"}}) {
      auto const created = system_->bulkhead({"create", "--label", label, name});
      ASSERT_EQ(created.code, 0) << created.err;
    }
    auto const cold = system_->bulkhead({"start", "--timing", "work"});
    ASSERT_EQ(cold.code, 0) << cold.err;
    EXPECT_NE(cold.out.find("work: cold start"), std::string::npos) << cold.out;
    ASSERT_EQ(system_->in_qube("work", {"sh", "-c", "echo kept > note; sync"}).code, 0);
    ASSERT_EQ(system_->bulkhead({"shutdown", "--wait", "work"}).code, 0);
    auto const built = system_->bulkhead({"snapshot", "build", "work"}, 600s);
    ASSERT_EQ(built.code, 0) << built.err;
  }
  static void TearDownTestSuite() { system_.reset(); }
  void TearDown() override {
    for (char const* name : {"work", "one", "two", "three"}) {
      if (system_->state(name) != "Halted") static_cast<void>(system_->bulkhead({"kill", name}));
    }
  }

  static void restart_daemon_after_kill() {
    ASSERT_TRUE(system_->daemon().signal(SIGKILL));
    ASSERT_TRUE(system_->daemon().wait(Clock::now() + 20s));
    ASSERT_TRUE(system_->start_daemon());
  }
  static std::string start(std::string const& qube) {
    auto const started = system_->bulkhead({"start", "--timing", qube});
    EXPECT_EQ(started.code, 0) << started.err;
    return started.out;
  }
  static std::string property(std::string const& qube, std::string const& name) { return first_line(system_->bulkhead({"prefs", qube, name}).out); }
  static std::string in(std::string const& qube, std::string const& shell) { return first_line(system_->in_qube(qube, {"sh", "-c", shell}).out); }
  static fs::path preparations() { return system_->root() / "run/snapshots"; }

  static inline std::optional<Installation> system_;
};

TEST_F(Life, AWarmStartIsTheQubeItself) {
  std::string const timing = start("work");
  EXPECT_NE(timing.find("work: warm start"), std::string::npos) << timing;
  EXPECT_EQ(in("work", "hostname"), "work");
  EXPECT_EQ(in("work", "cat note"), "kept") << "its own private volume";
  EXPECT_EQ(in("work", "id -un"), "user");
  auto const now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_NEAR(std::stod(in("work", "date +%s")), static_cast<double>(now), 60) << "not the time of the snapshot";
  ASSERT_EQ(system_->in_qube("work", {"sh", "-c", "echo more > second; sync"}).code, 0);
  ASSERT_EQ(system_->bulkhead({"shutdown", "--wait", "work"}).code, 0);
  ASSERT_EQ(system_->bulkhead({"prefs", "work", "warm_start", "False"}).code, 0);
  EXPECT_NE(start("work").find("work: cold start"), std::string::npos);
  EXPECT_EQ(in("work", "cat second"), "more") << "what a clone writes is kept";
  ASSERT_EQ(system_->bulkhead({"prefs", "work", "warm_start", "--default"}).code, 0);
}

TEST_F(Life, FourAtOnceAreFourDifferentQubes) {
  auto const started = system_->bulkhead({"start", "--timing", "work", "one", "two", "three"});
  ASSERT_EQ(started.code, 0) << started.err;
  std::set<std::string> seen;
  for (char const* name : {"work", "one", "two", "three"}) {
    EXPECT_NE(started.out.find(std::string(name) + ": warm start"), std::string::npos) << started.out;
    EXPECT_EQ(in(name, "hostname"), name);
    for (char const* what : {"cat /etc/machine-id", "cat /proc/sys/kernel/random/boot_id", "head -c 16 /dev/urandom | od -An -tx1", "hostname"}) {
      EXPECT_TRUE(seen.insert(in(name, what)).second) << name << ": " << what << " was seen before";
    }
  }
}

TEST_F(Life, ADamagedSnapshotMeansABootAndIsSaid) {
  // Another daemon has not verified it yet.
  fs::path memory;
  for (auto const& entry : fs::directory_iterator(system_->root() / "var/lib/snapshots")) memory = entry.path() / "memory.img";
  ASSERT_TRUE(fs::exists(memory));
  restart_daemon_after_kill();
  std::fstream file(memory, std::ios::in | std::ios::out | std::ios::binary);
  char byte = 0;
  file.seekg(1 << 20).get(byte);
  file.seekp(1 << 20).put(static_cast<char>(byte ^ 1));
  file.close();
  std::string const timing = start("one");
  EXPECT_NE(timing.find("one: cold start"), std::string::npos) << timing;
  EXPECT_NE(timing.find("not warm: "), std::string::npos) << timing;
  EXPECT_EQ(in("one", "hostname"), "one");
  ASSERT_EQ(system_->bulkhead({"snapshot", "build", "work"}, 600s).code, 0);
}

TEST_F(Life, KillingBulkheaddLeavesClonesRunningAndHalfStartedOnesCanStartAgain) {
  ASSERT_NE(start("work").find("warm"), std::string::npos);
  std::string const boot = in("work", "cat /proc/sys/kernel/random/boot_id");
  for (int i = 0; i < 3; ++i) {
    // At another moment of the start each time.
    auto half = std::async(std::launch::async, [] { return system_->bulkhead({"start", "two"}); });
    std::this_thread::sleep_for(100ms * (1 + 3 * i));
    restart_daemon_after_kill();
    static_cast<void>(half.get());
    EXPECT_EQ(system_->state("work"), "Running");
    EXPECT_EQ(in("work", "cat /proc/sys/kernel/random/boot_id"), boot) << "the same machine, and it answers";
    EXPECT_TRUE(eventually([] { auto const state = system_->state("two"); return state == "Halted" || state == "Running"; }, 120s)) << system_->state("two");
    static_cast<void>(system_->bulkhead({"kill", "two"}));
    start("two");
    EXPECT_EQ(in("two", "hostname"), "two");
    ASSERT_EQ(system_->bulkhead({"kill", "two"}).code, 0);
  }
}

TEST_F(Life, KillingBulkheaddWhileItPreparesLeavesNothing) {
  auto build = std::async(std::launch::async, [] { return system_->bulkhead({"snapshot", "build", "work"}, 600s); });
  ASSERT_TRUE(eventually([] { return fs::exists(preparations()) && !fs::is_empty(preparations()); }, 60s));
  std::this_thread::sleep_for(1s);
  restart_daemon_after_kill();
  EXPECT_NE(build.get().code, 0);
  EXPECT_FALSE(fs::exists(preparations()) && !fs::is_empty(preparations()));
  // bulkheadd, its policy daemon, and no machine.
  for (int const pid : processes_of(system_->root())) {
    std::error_code error;
    EXPECT_EQ(fs::read_symlink("/proc/" + std::to_string(pid) + "/exe", error).filename().string().find("qemu"), std::string::npos) << pid;
  }
  EXPECT_NE(start("one").find("warm"), std::string::npos) << "the snapshot there was is still there";
}

TEST_F(Life, APanicIsNamed) {
  ASSERT_NE(start("one").find("warm"), std::string::npos);
  static_cast<void>(system_->as_root("one", {"sh", "-c", "echo 1 > /proc/sys/kernel/sysrq; (sleep 1; echo c > /proc/sysrq-trigger) >/dev/null 2>&1 &"}));
  ASSERT_TRUE(eventually([] { return system_->state("one") == "Halted"; }, 120s));
  EXPECT_NE(property("one", "last_end").find("panic"), std::string::npos) << property("one", "last_end");
  start("one");
  EXPECT_EQ(property("one", "last_end"), "");
}

TEST_F(Life, KillIsQuickAndSuspendKeepsTheQube) {
  start("one");
  ASSERT_EQ(system_->bulkhead({"suspend", "one"}).code, 0);
  EXPECT_EQ(system_->state("one"), "Suspended");
  ASSERT_EQ(system_->bulkhead({"resume", "one"}).code, 0);
  EXPECT_EQ(in("one", "hostname"), "one");
  ASSERT_EQ(system_->bulkhead({"kill", "one"}).code, 0);
  EXPECT_EQ(system_->state("one"), "Halted");
  ASSERT_EQ(system_->bulkhead({"restart", "one"}).code, 0);
  EXPECT_EQ(system_->state("one"), "Running");
}

TEST_F(Life, ACallToDispvmGetsADisposableOfItsOwn) {
  ASSERT_EQ(system_->bulkhead({"prefs", "three", "template_for_dispvms", "True"}).code, 0);
  ASSERT_EQ(system_->bulkhead({"prefs", "work", "default_dispvm", "three"}).code, 0);
  std::ofstream(system_->root() / "etc/policy.d/10-life.policy") << "qubes.VMExec * work @dispvm allow\n";
  ASSERT_NE(start("work").find("warm"), std::string::npos);
  auto const called = system_->in_qube("work", {"sh", "-c", "qrexec-client-vm @dispvm qubes.VMExec+hostname"});
  EXPECT_EQ(called.code, 0) << called.err;
  EXPECT_TRUE(called.out.starts_with("disp")) << called.out;
  EXPECT_TRUE(eventually([&] { return system_->state(first_line(called.out)).empty(); }, 60s)) << "it is removed when the call has ended";
  auto const ran = system_->bulkhead({"run", "--dispvm=three", "--", "hostname"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(ran.out.starts_with("disp")) << ran.out;
  EXPECT_TRUE(eventually([&] { return system_->state(first_line(ran.out)).empty(); }, 60s));
}

}  // namespace
}  // namespace bh::e2e
