// Two qubes whose daemons ask qrexec-policy-daemon: its socket is used when it is there, and calls are still decided when it is not.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "base/posix_io.h"
#include "base/unix_socket.h"
#include "fake_admin.h"
#include "qrexec_world.h"

namespace bh::qrexec_test {
namespace {

namespace fs = std::filesystem;

constexpr char kSystem[] = R"({"domains": {
  "dom0": {"type": "AdminVM", "power_state": "Running"},
  "work": {"type": "AppVM", "power_state": "Running", "guivm": "dom0", "uuid": "00000000-0000-0000-0000-000000000001"},
  "vault": {"type": "AppVM", "power_state": "Running", "guivm": "dom0", "uuid": "00000000-0000-0000-0000-000000000002"},
  "remote": {"type": "RemoteVM", "power_state": "Running", "relayvm": "work", "transport_rpc": "test.Relay"}}})";

class PolicyDaemonCalls : public testing::Test {
 protected:
  PolicyDaemonCalls() {
    world_.policy_program = QrexecWorld::program("qrexec-policy-exec");
    for (char const* name : {"run/policy.d", "etc/policy.d"}) fs::create_directories(world_.folder() / name);
    policy("test.Svc * work vault allow\ntest.Ask * work @anyvm ask\ntest.Svc * remote vault allow\n");
    world_.service("test.Svc", "echo \"for $QREXEC_REMOTE_DOMAIN\"\n");
    world_.service("test.Ask", "echo asked\n");
    admin_.emplace(world_.folder() / "run/qubesd.sock", kSystem, [](auto const&) { return FakeAdmin::ok(); });
    world_.running.push_back(world_.start(0, {"qrexec-policy-daemon"}));
    EXPECT_TRUE(eventually([&] { return connect_unix(world_.folder() / "run/policy.sock").ok(); }));
    world_.qube(42, "work");
    world_.qube(43, "vault");
  }
  void policy(std::string const& text) { world_.write("etc/policy.d/30-test.policy", text); }

  QrexecWorld world_;
  std::optional<FakeAdmin> admin_;
};

TEST_F(PolicyDaemonCalls, DecidesByTheFilesOfThisMoment) {
  EXPECT_EQ(world_.client_vm(42, {"vault", "test.Svc"}).output, "for work\n");
  policy("test.Svc * work vault deny\n");
  EXPECT_EQ(world_.client_vm(42, {"vault", "test.Svc"}).code, 126);
  policy("test.Svc * work vault allow\n");
  EXPECT_EQ(world_.client_vm(42, {"vault", "test.Svc"}).output, "for work\n");
}

TEST_F(PolicyDaemonCalls, ARelaySpeaksForItsRemoteQube) {
  auto const done = world_.client_vm(42, {"--source-qube=remote", "vault", "test.Svc"});
  EXPECT_EQ(done.output, "for remote\n") << done.errors;
  EXPECT_EQ(world_.client_vm(43, {"--source-qube=remote", "vault", "test.Svc"}).code, 126) << "vault is no relay of remote";
}

TEST_F(PolicyDaemonCalls, APersonsAnswerDecidesWhereTheCallGoes) {
  auto listener = *listen_unix(world_.folder() / "run/policy-agent.sock");
  std::thread prompt([&] {
    for (char const* answer : {"allow:vault", "deny"}) {
      auto const peer = accept_unix(listener);
      if (!peer) return;
      std::byte chunk[4096];
      for (;;) {
        auto const count = read_some(*peer, chunk);
        if (!count || *count == 0) break;
      }
      (void)write_all(*peer, as_bytes(answer));
    }
  });
  EXPECT_EQ(world_.client_vm(42, {"@default", "test.Ask"}).output, "asked\n");
  EXPECT_EQ(world_.client_vm(42, {"vault", "test.Ask"}).code, 126);
  ::shutdown(listener.borrow(), SHUT_RDWR);
  prompt.join();
}

TEST_F(PolicyDaemonCalls, WithoutItTheProgramDecidesAndAskIsNo) {
  ASSERT_TRUE(world_.running[0].terminate(std::chrono::seconds(10)).ok());
  EXPECT_EQ(world_.client_vm(42, {"vault", "test.Svc"}).output, "for work\n");
  EXPECT_EQ(world_.client_vm(42, {"vault", "test.Ask"}).code, 126);
  EXPECT_EQ(world_.client_vm(42, {"--source-qube=remote", "vault", "test.Svc"}).code, 126);
}

}  // namespace
}  // namespace bh::qrexec_test
