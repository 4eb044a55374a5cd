// qrexec-client-vm against an agent and a service that are played by the test (conformance.md 1).
#include <gtest/gtest.h>

#include <cstdlib>

#include "fake_peer.h"
#include "qrexec_world.h"

namespace bh::qrexec_test {
namespace {

class ClientVmTest : public testing::Test {
 protected:
  ClientVmTest() : agent_(world_.agent_socket(42)) {}
  ChildProcess start(std::vector<std::string> words, std::vector<std::pair<UniqueFd const*, int>> fds = {}) {
    SpawnOptions spawn;
    spawn.argv = {std::string(std::getenv("BH_BIN")) + "/qrexec-client-vm", "--agent-socket=" + world_.agent_socket(42).string()};
    spawn.argv.insert(spawn.argv.end(), words.begin(), words.end());
    spawn.environment = {{"VCHAN_DOMAIN", "42"}, {"VCHAN_SOCKET_DIR", (world_.folder() / "v").string()}, {"QREXEC_NO_ROOT", "1"}};
    spawn.fds = std::move(fds);
    return *ChildProcess::spawn(spawn);
  }
  // Answers the request and is the service.
  FakePeer serve() {
    asked_ = agent_.accept();
    request_ = asked_.receive();
    asked_.send_raw(u32(43) + u32(1024));
    FakePeer service = FakePeer::connect(world_.vchan(42, 43, 1024));
    service.shake_hands(4);
    return service;
  }
  static int code_of(ChildProcess& child) {
    auto const status = child.wait(Clock::now() + std::chrono::seconds(20));
    return status && *status ? (*status)->code : -1;
  }

  QrexecWorld world_;
  FakeServer agent_;
  FakePeer asked_;
  Message request_;
};

TEST_F(ClientVmTest, SendsTheRequestAndTakesTheCode) {
  auto client = start({"--source-qube=relay", "$default", "svc+arg"});
  auto service = serve();
  EXPECT_EQ(request_.type, 0x213U);
  EXPECT_EQ(request_.body, fixed("relay", 64) + fixed("@default", 64) + fixed("SOCKET", 32) + terminated("svc+arg"));
  Message const end = service.receive();
  EXPECT_EQ(end.type, 0x190U);
  EXPECT_EQ(end.body, "");
  service.send(0x193, u32(42));
  EXPECT_EQ(code_of(client), 42);
}

TEST_F(ClientVmTest, RefusedBeforeTheProgramStarts) {
  auto client = start({"target", "svc", "/bin/touch", (world_.folder() / "ran").string()});
  {
    auto asked = agent_.accept();
    asked.receive();
  }
  EXPECT_EQ(code_of(client), 126);
  EXPECT_FALSE(std::filesystem::exists(world_.folder() / "ran"));
}

TEST_F(ClientVmTest, LostConnectionIs255) {
  auto client = start({"target", "svc"});
  auto service = serve();
  service.close();
  EXPECT_EQ(code_of(client), 255);
}

TEST_F(ClientVmTest, ConnectsAProgram) {
  auto client = start({"target", "svc", "/bin/sh", "-c", "read x; echo \"got $x\"; exit 5"});
  auto service = serve();
  service.send(0x191, "line\n");
  EXPECT_EQ(service.receive().body, "got line\n");
  EXPECT_EQ(service.receive().body, "");
  service.send(0x191, "");
  service.send(0x193, u32(0));
  EXPECT_EQ(code_of(client), 5);
}

TEST_F(ClientVmTest, AProgramIsCalledByItsLastNameAndMayOpenItsOutput) {
  auto client = start({"target", "svc", "/bin/bash", "-c", "echo opened >/dev/stdout; tr '\\0' ' ' </proc/$$/cmdline"});
  auto service = serve();
  std::string out;
  for (Message message = service.receive(); !message.body.empty(); message = service.receive()) out += message.body;
  EXPECT_EQ(out.find("opened\nbash -c"), 0U) << out;
  service.send(0x193, u32(0));
  EXPECT_EQ(code_of(client), 0);
}

TEST_F(ClientVmTest, TheRemoteCodeComesBeforeTheProgramsOwn) {
  auto client = start({"target", "svc", "/bin/sh", "-c", "exit 5"});
  auto service = serve();
  EXPECT_EQ(service.receive().body, "");
  service.send(0x193, u32(6));
  EXPECT_EQ(code_of(client), 6);
}

TEST_F(ClientVmTest, AProgramMayUseOneSocket) {
  auto client = start({"target", "svc", "/bin/sh", "-c", "kill -USR1 $QREXEC_AGENT_PID; echo hi >&0; read x; echo \"got $x\" >&0"});
  auto service = serve();
  EXPECT_EQ(service.receive().body, "hi\n");
  service.send(0x191, "x\n");
  EXPECT_EQ(service.receive().body, "got x\n");
  service.send(0x193, u32(0));
  EXPECT_EQ(code_of(client), 0);
}

TEST_F(ClientVmTest, FiltersForTerminals) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe.ok());
  auto client = start({"-t", "target", "svc"}, {{&pipe->second, 1}});
  pipe->second.reset();
  auto service = serve();
  service.send(0x191, "a\x1b]0;x\a\xff\n");
  service.send(0x191, "");
  service.send(0x193, u32(0));
  EXPECT_EQ(code_of(client), 0);
  std::byte buffer[64];
  auto const got = read_some(pipe->first, buffer);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(as_text(ByteSpan(buffer, *got)), "a_]0;x\a_\n");
}

TEST_F(ClientVmTest, OneSocketForStdinAndStdout) {
  auto pair = make_socket_pair();
  ASSERT_TRUE(pair.ok());
  auto client = start({"--use-stdin-socket", "target", "svc"}, {{&pair->second, 0}});
  pair->second.reset();
  FakePeer local(std::move(pair->first));
  auto service = serve();
  local.send_raw("ping");
  EXPECT_EQ(service.receive().body, "ping");
  service.send(0x191, "pong");
  EXPECT_EQ(local.receive_raw(4), "pong");
  service.send(0x191, "");
  EXPECT_TRUE(local.closed());
  local.send_raw("more");
  EXPECT_EQ(service.receive().body, "more");
  service.send(0x193, u32(0));
  EXPECT_EQ(code_of(client), 0);
}

TEST_F(ClientVmTest, Usage) {
  EXPECT_EQ(world_.run(42, {"qrexec-client-vm", "target"}).code, 2);
  EXPECT_EQ(world_.run(42, {"qrexec-client-vm", "--use-stdin-socket", "t", "s", "/bin/true"}).code, 2);
  EXPECT_EQ(world_.run(42, {"qrexec-client-vm", "--agent-socket=/nonexistent/x", "t", "s"}).code, 1);
  EXPECT_EQ(world_.run(42, {"qrexec-client-vm", "--help"}).code, 0);
}

}  // namespace
}  // namespace bh::qrexec_test
