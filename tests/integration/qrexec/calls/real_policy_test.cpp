// Two qubes with the real qrexec-policy-exec, real policy files and a stand-in for bulkheadd: allowed, denied, missing, started first.
#include <gtest/gtest.h>

#include "fake_admin.h"
#include "qrexec_world.h"

namespace bh::qrexec_test {
namespace {

namespace fs = std::filesystem;

constexpr char kSystem[] = R"({"domains": {
  "dom0": {"type": "AdminVM", "power_state": "Running"},
  "work": {"type": "AppVM", "power_state": "Running", "uuid": "00000000-0000-0000-0000-000000000001"},
  "vault": {"type": "AppVM", "power_state": "Running", "uuid": "00000000-0000-0000-0000-000000000002"},
  "cold": {"type": "AppVM", "power_state": "Halted", "uuid": "00000000-0000-0000-0000-000000000003"},
  "dvm": {"type": "AppVM", "power_state": "Halted", "template_for_dispvms": true, "uuid": "00000000-0000-0000-0000-000000000004"}}})";

constexpr char kPolicy[] =
    "test.Svc   *       work   vault     allow\n"
    "test.Svc   *       work   cold      allow\n"
    "test.Svc   *       work   @default  allow target=vault\n"
    "test.Svc   *       work   @adminvm  allow\n"
    "test.Svc   *       vault  cold      allow autostart=no\n"
    "test.Svc   *       vault  @dispvm:dvm allow\n"
    "test.Only  +this   @anyvm @anyvm    allow\n"
    "test.Ask   *       @anyvm @anyvm    ask\n"
    "*          *       @anyvm @anyvm    deny\n";

class RealPolicy : public testing::Test {
 protected:
  RealPolicy() {
    world_.policy_program = QrexecWorld::program("qrexec-policy-exec");
    for (char const* name : {"run/policy.d", "etc/policy.d"}) fs::create_directories(world_.folder() / name);
    world_.write("etc/policy.d/30-test.policy", kPolicy);
    world_.service("test.Svc", "echo \"to $QREXEC_REMOTE_DOMAIN $QREXEC_SERVICE_FULL_NAME\"; cat; exit 4\n");
    world_.service("test.Only", "echo only\n");
    world_.qube(42, "work");
    world_.qube(43, "vault");
  }
  void admin(std::function<std::string(std::string const&)> other = [](auto const&) { return FakeAdmin::ok(); }) {
    admin_.emplace(world_.folder() / "run/qubesd.sock", kSystem, std::move(other));
  }
  void expect_refused(Finished const& done) {
    EXPECT_EQ(done.code, 126);
    EXPECT_EQ(done.output, "");
    EXPECT_EQ(done.errors, "Request refused\n");
  }

  QrexecWorld world_;
  std::optional<FakeAdmin> admin_;
};

TEST_F(RealPolicy, AllowedCallsReachTheTargetOfTheRule) {
  admin();
  auto const named = world_.client_vm(42, {"vault", "test.Svc+arg"}, "data");
  EXPECT_EQ(named.output, "to work test.Svc+arg\ndata");
  EXPECT_EQ(named.code, 4);
  EXPECT_EQ(world_.client_vm(42, {"@default", "test.Svc"}).output, "to work test.Svc+\n");
  // A target that does not exist is no target: the rule for @default decides.
  EXPECT_EQ(world_.client_vm(42, {"nowhere", "test.Svc"}).output, "to work test.Svc+\n");
  EXPECT_EQ(world_.client_vm(42, {"dom0", "test.Svc+x"}).output, "to work test.Svc+x\n");
  EXPECT_EQ(world_.client_vm(43, {"work", "test.Only+this"}).output, "only\n");
  EXPECT_TRUE(admin_->asked().empty());
}

TEST_F(RealPolicy, DeniedAsksAndMissingTargetsAre126AndRunNothing) {
  admin();
  world_.service("test.Svc", "touch " + (world_.folder() / "ran").string() + "\n");
  for (std::vector<std::string> const& words : std::vector<std::vector<std::string>>{
           {"work", "test.Svc"}, {"vault", "test.Other"}, {"vault", "test.Only+that"}, {"vault", "test.Only"}, {"vault", "test.Ask"},
           {"nowhere", "test.Only+this"}, {"no such name!", "test.Only+this"}, {"@dispvm", "test.Svc"}, {"", "test.Other"}}) {
    expect_refused(world_.client_vm(words[0] == "work" ? 43 : 42, words));
  }
  EXPECT_FALSE(fs::exists(world_.folder() / "ran"));
}

TEST_F(RealPolicy, WithoutAdminDaemonOrWithBrokenPolicyEverythingIsRefused) {
  expect_refused(world_.client_vm(42, {"vault", "test.Svc"}));
  admin();
  EXPECT_EQ(world_.client_vm(42, {"vault", "test.Svc"}).code, 4);
  world_.write("run/policy.d/10-broken.policy", "this is no rule\n");
  expect_refused(world_.client_vm(42, {"vault", "test.Svc"}));
}

TEST_F(RealPolicy, AHaltedTargetIsStartedFirst) {
  admin([this](std::string const&) {
    world_.running.push_back(world_.daemon(44, "cold"));
    world_.running.push_back(world_.agent(44));
    return FakeAdmin::ok();
  });
  EXPECT_EQ(world_.client_vm(42, {"cold", "test.Svc+a"}, "in").output, "to work test.Svc+a\nin");
  EXPECT_EQ(admin_->asked(), (std::vector<std::string>{"admin.vm.Start+ dom0 name cold"}));
}

TEST_F(RealPolicy, ADisposableIsMadeForTheCallAndEndsWithIt) {
  admin([this](std::string const& request) {
    if (request.starts_with("admin.vm.CreateDisposable")) return FakeAdmin::ok() + "disp77";
    if (!request.starts_with("admin.vm.Start")) return FakeAdmin::ok();
    world_.running.push_back(world_.daemon(77, "disp77"));
    world_.running.push_back(world_.agent(77));
    return FakeAdmin::ok();
  });
  auto const done = world_.client_vm(43, {"@dispvm:dvm", "test.Svc+a"}, "in");
  EXPECT_EQ(done.output, "to vault test.Svc+a\nin");
  EXPECT_EQ(done.code, 4);
  for (int i = 0; i < 500 && admin_->asked().back() != "admin.vm.Kill+ dom0 name disp77"; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  auto const asked = admin_->asked();
  EXPECT_EQ(asked.front(), "admin.vm.CreateDisposable+ dom0 name dvm");
  EXPECT_EQ(asked.back(), "admin.vm.Kill+ dom0 name disp77");
}

TEST_F(RealPolicy, ADisposableThatDoesNotStartIsClearedAwayAndTheCallRefused) {
  admin([](std::string const& request) {
    if (request.starts_with("admin.vm.CreateDisposable")) return FakeAdmin::ok() + "disp78";
    return request.starts_with("admin.vm.Start") ? FakeAdmin::exception("QubesMemoryError", "no memory") : FakeAdmin::ok();
  });
  expect_refused(world_.client_vm(43, {"@dispvm:dvm", "test.Svc"}));
  EXPECT_EQ(admin_->asked(), (std::vector<std::string>{"admin.vm.CreateDisposable+ dom0 name dvm", "admin.vm.Start+ dom0 name disp78",
                                                       "admin.vm.Kill+ dom0 name disp78", "admin.vm.Remove+ dom0 name disp78"}));
}

TEST_F(RealPolicy, ANameThatBulkheaddCannotHaveMadeIsNotCalled) {
  admin([](std::string const&) { return FakeAdmin::ok() + "../disp"; });
  expect_refused(world_.client_vm(43, {"@dispvm:dvm", "test.Svc"}));
  EXPECT_EQ(admin_->asked().size(), 1U);
}

TEST_F(RealPolicy, AutostartOffAndAFailedStartRefuse) {
  admin([](std::string const&) { return FakeAdmin::exception("QubesException", "no memory"); });
  expect_refused(world_.client_vm(43, {"cold", "test.Svc"}));
  EXPECT_TRUE(admin_->asked().empty());
  expect_refused(world_.client_vm(42, {"cold", "test.Svc"}));
  EXPECT_EQ(admin_->asked().size(), 1U);
}

TEST_F(RealPolicy, TheClientKillsTheQubeAtTheEndWhenAsked) {
  admin();
  for (char const* target : {"vault", "43", "uuid:uuid-vault"}) {
    auto const done =
        world_.run(0, {"qrexec-client", "--socket-dir=" + (world_.folder() / "s").string(), "-k", "-d", target, "DEFAULT:exit 3"});
    EXPECT_EQ(done.code, 3);
    EXPECT_EQ(admin_->asked().back(), "admin.vm.Kill+ dom0 name vault") << target;
  }
  EXPECT_EQ(admin_->asked().size(), 3U);
}

}  // namespace
}  // namespace bh::qrexec_test
