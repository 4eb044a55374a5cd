// qrexec-daemon against an agent that is played by the test, as hostile as a qube may be (conformance.md 1, SECURITY R23).
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <sstream>

#include "base/posix_io.h"
#include "fake_peer.h"
#include "qrexec_world.h"

namespace bh::qrexec_test {
namespace {

namespace fs = std::filesystem;

class DaemonTest : public testing::Test {
 protected:
  DaemonTest() : control_(std::make_unique<FakeServer>(world_.vchan(42, 0, 512))) {
    world_.running.push_back(world_.daemon(42, "work"));
  }
  void meet(std::uint32_t version = 4) {
    agent_ = control_->accept();
    agent_.shake_hands(version);
    EXPECT_TRUE(eventually([&] { return fs::exists(world_.local_socket("work")); }));
  }
  void expect_recovery() {
    EXPECT_TRUE(agent_.closed());
    EXPECT_TRUE(eventually([&] { return !fs::is_symlink(world_.local_socket("work")) && !fs::exists(world_.local_socket("42")); }));
    meet();
  }
  FakePeer client() {
    FakePeer peer = FakePeer::connect(world_.local_socket("work"));
    EXPECT_EQ(peer.receive().body, u32(3));
    peer.send(0x300, u32(3));
    return peer;
  }
  static std::string trigger(std::string const& ident, std::string const& service, std::string const& target = "target") {
    return fixed("", 64) + fixed(target, 64) + fixed(ident, 32) + service;
  }

  QrexecWorld world_;
  std::unique_ptr<FakeServer> control_;
  FakePeer agent_;
};

TEST_F(DaemonTest, MakesItsNamesOnlyAfterHello) {
  agent_ = control_->accept();
  EXPECT_FALSE(fs::exists(world_.local_socket("42")));
  agent_.shake_hands(4);
  for (char const* name : {"42", "work", "uuid:uuid-work"}) {
    EXPECT_TRUE(eventually([&] { return fs::exists(world_.local_socket(name)); })) << name;
  }
}

TEST_F(DaemonTest, GivesClientsPortsAndPassesTheirCommands) {
  meet();
  auto first = client();
  first.send(0x200, u32(43) + u32(0) + terminated("DEFAULT:ls"));
  Message const answer = first.receive();
  EXPECT_EQ(answer.type, 0x200U);
  EXPECT_EQ(answer.body, u32(42) + u32(514));
  EXPECT_EQ(agent_.receive().body, u32(43) + u32(514) + terminated(QrexecWorld::user() + ":ls"));
  // While the call is open, and no longer, the hubs may join these two qubes at this port.
  auto const grant = world_.vchan(43, 42, 514).parent_path() / "grant.43.42.514";
  EXPECT_TRUE(std::filesystem::exists(grant));
  auto second = client();
  second.send(0x201, u32(43) + u32(0) + terminated("me:ls"));
  EXPECT_EQ(second.receive().body, u32(42) + u32(516));
  EXPECT_EQ(agent_.receive().type, 0x201U);
  agent_.send(0x211, u32(43) + u32(514));
  EXPECT_TRUE(first.closed());
  EXPECT_FALSE(std::filesystem::exists(grant));
  auto third = client();
  third.send(0x200, u32(43) + u32(0) + terminated("me:ls"));
  EXPECT_EQ(third.receive().body, u32(42) + u32(514));
}

TEST_F(DaemonTest, RefusesBadRequestsWithTheirOwnId) {
  meet();
  for (std::string const& body : {trigger("bad/id", terminated("svc")), trigger(std::string(32, 'a'), terminated("svc")),
                                  trigger("id1", terminated("")), trigger("id2", terminated("+x")), trigger("id3", "svc"),
                                  trigger("id4", std::string("a\0b\0", 4)), trigger("id5", terminated("test.Denied")),
                                  trigger("id6", terminated("test.Broken")), trigger("id7", terminated("svc"), "@dispvm:dvm"),
                                  trigger("id8", terminated("svc"), "not-running")}) {
    agent_.send(0x213, body);
    Message const refused = agent_.receive();
    EXPECT_EQ(refused.type, 0x203U);
    EXPECT_EQ(refused.body, body.substr(128, 32));
  }
}

TEST_F(DaemonTest, EveryShortRequestEndsTheConnectionAndTheDaemonRecovers) {
  for (std::uint32_t const length : {0U, 70U, 159U, 160U, 65161U, 0xFFFFFFFFU}) {
    meet();
    agent_.send_raw(u32(0x213) + u32(length));
    EXPECT_TRUE(agent_.closed()) << length;
    EXPECT_TRUE(eventually([&] { return !fs::exists(world_.local_socket("42")); }));
  }
  meet();
}

TEST_F(DaemonTest, GarbageHalfMessagesAndImpossiblePortsEndTheConnection) {
  meet();
  agent_.send_raw("this is not a frame at all");
  expect_recovery();
  agent_.send(0x200, u32(0) + u32(513) + terminated("root:id"));
  expect_recovery();
  agent_.send(0x211, u32(0) + u32(1));
  expect_recovery();
  agent_.send_raw(u32(0x213) + u32(1000) + "half");
  agent_.close();
  EXPECT_TRUE(eventually([&] { return !fs::exists(world_.local_socket("42")); }));
  meet();
}

TEST_F(DaemonTest, AnswersOnlyOpenRequestsAndOnlyOnce) {
  meet();
  auto unexpected = client();
  unexpected.send(0x202, u32(43) + u32(600) + terminated("SOCKET1"));
  EXPECT_TRUE(unexpected.closed());
  agent_.send(0x213, trigger("SOCKET1", terminated("test.Hang")));
  // The refusal of a later request tells that the first one is known.
  agent_.send(0x213, trigger("marker", terminated("test.Denied")));
  EXPECT_EQ(agent_.receive().body, fixed("marker", 32));
  auto answering = client();
  answering.send(0x202, u32(43) + u32(600) + terminated("SOCKET1"));
  Message const connect = agent_.receive();
  EXPECT_EQ(connect.type, 0x202U);
  EXPECT_EQ(connect.body.substr(0, 8), u32(43) + u32(600));
  auto again = client();
  again.send(0x202, u32(43) + u32(601) + terminated("SOCKET1"));
  EXPECT_TRUE(again.closed());
}

TEST_F(DaemonTest, BadClientsAreClosed) {
  meet();
  auto old = FakePeer::connect(world_.local_socket("42"));
  old.receive();
  old.send(0x300, u32(2));
  EXPECT_TRUE(old.closed());
  for (std::string const& bytes : {u32(0x200) + u32(8) + u32(0) + u32(0), u32(0x200) + u32(65536), u32(0x203) + u32(32) + fixed("x", 32),
                                   u32(0x200) + u32(10) + u32(0) + u32(0) + "ab"}) {
    auto peer = client();
    peer.send_raw(bytes);
    EXPECT_TRUE(peer.closed());
  }
}

TEST_F(DaemonTest, SpeaksVersion2) {
  meet(2);
  std::string const body = fixed("test.Denied", 64) + fixed("target", 32) + fixed("old", 32);
  agent_.send(0x210, body);
  Message const refused = agent_.receive();
  EXPECT_EQ(refused.type, 0x203U);
  EXPECT_EQ(refused.body, fixed("old", 32));
}

TEST_F(DaemonTest, OtherRequestsGoOnWhileOneIsDecided) {
  meet();
  agent_.send(0x213, trigger("slow", terminated("test.Slow"), "nobody"));
  agent_.send(0x213, trigger("quick", terminated("test.Denied")));
  EXPECT_EQ(agent_.receive().body, fixed("quick", 32));
  EXPECT_EQ(agent_.receive().body, fixed("slow", 32));
}

TEST_F(DaemonTest, LoopbackBecomesACommand) {
  meet();
  agent_.send(0x213, trigger("SOCKET9", terminated("svc"), "work"));
  Message const exec = agent_.receive();
  EXPECT_EQ(exec.type, 0x200U);
  EXPECT_EQ(exec.body, u32(42) + u32(514) + terminated(QrexecWorld::user() + ":QUBESRPC svc+ work"));
  Message const connect = agent_.receive();
  EXPECT_EQ(connect.type, 0x202U);
  EXPECT_EQ(connect.body, u32(42) + u32(514) + terminated("SOCKET9"));
}

// Peers' drivers wait for all children of a program before they stop it.
TEST_F(DaemonTest, HasNoChildWhenNothingIsDecided) {
  meet();
  std::string const daemon = std::to_string(world_.running[0].pid());
  auto const children = [&] {
    std::string found;
    for (auto const& entry : fs::directory_iterator("/proc")) {
      auto const stat = read_file(entry.path() / "stat", 4096);
      if (!stat) continue;
      std::istringstream fields(stat->substr(stat->rfind(')') + 1));
      std::string state, parent;
      fields >> state >> parent;
      if (parent == daemon) found += entry.path().filename().string() + " ";
    }
    return found;
  };
  EXPECT_EQ(children(), "");
  agent_.send(0x213, trigger("quick", terminated("test.Denied")));
  EXPECT_EQ(agent_.receive().body, fixed("quick", 32));
  EXPECT_TRUE(eventually([&] { return children().empty(); }));
}

TEST_F(DaemonTest, SigtermEndsItWithAndWithoutAnAgent) {
  meet();
  agent_.close();
  EXPECT_TRUE(eventually([&] { return !fs::exists(world_.local_socket("42")); }));
  auto const status = world_.running[0].terminate(std::chrono::seconds(10));
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->code, 0);
}

}  // namespace
}  // namespace bh::qrexec_test
