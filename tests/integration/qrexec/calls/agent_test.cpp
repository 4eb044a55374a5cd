// qrexec-agent against a dom0 that is played by the test (conformance.md 1).
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "base/posix_io.h"
#include "base/unix_socket.h"
#include "fake_peer.h"
#include "qrexec_world.h"

namespace bh::qrexec_test {
namespace {

// Everything a service said.
struct Said {
  std::string out, err;
  int code = -1;
  bool streams_ended = false;
};

class AgentTest : public testing::Test {
 protected:
  AgentTest() {
    world_.running.push_back(world_.agent(42));
    dom0_ = FakePeer::connect(world_.vchan(42, 0, 512));
    dom0_.shake_hands(4);
  }
  // Sends the command and accepts the agent's connection.
  FakePeer exec(std::string const& command, std::uint32_t type = 0x200) {
    FakeServer server(world_.vchan(43, 42, 1024));
    dom0_.send(type, u32(43) + u32(1024) + terminated(command));
    FakePeer call = server.accept();
    call.shake_hands(4);
    return call;
  }
  FakePeer service(std::string const& words) { return exec(QrexecWorld::user() + ":QUBESRPC " + words); }
  static Said listen(FakePeer& call) {
    Said said;
    int ends = 0;
    for (int i = 0; i < 10000; ++i) {
      Message const message = call.receive();
      if (message.type == 0x191) said.out += message.body;
      if (message.type == 0x192) said.err += message.body;
      if (message.type != 0x193 && message.body.empty()) ++ends;
      if (message.type == 0x193 || message.type == 0) {
        said.code = static_cast<int>(number_at(message.body, 0));
        said.streams_ended = ends == 2;
        return said;
      }
    }
    return said;
  }
  void expect_terminated() {
    Message const message = dom0_.receive();
    EXPECT_EQ(message.type, 0x211U);
    EXPECT_EQ(message.body, u32(43) + u32(1024));
  }

  QrexecWorld world_;
  FakePeer dom0_;
};

TEST_F(AgentTest, RunsACommandAndReportsItsEnd) {
  auto call = exec(QrexecWorld::user() + ":echo out; echo err >&2; exit 7");
  Said const said = listen(call);
  EXPECT_EQ(said.out, "out\n");
  EXPECT_EQ(said.err, "err\n");
  EXPECT_EQ(said.code, 7);
  EXPECT_TRUE(said.streams_ended);
  EXPECT_TRUE(call.closed());
  expect_terminated();
}

TEST_F(AgentTest, PassesInputAndItsEnd) {
  auto call = exec(QrexecWorld::user() + ":cat; echo done");
  call.send(0x190, "hello ");
  call.send(0x190, "world\n");
  call.send(0x190, "");
  EXPECT_EQ(listen(call).out, "hello world\ndone\n");
}

TEST_F(AgentTest, TheCodeDoesNotWaitForTheEndOfInput) {
  auto call = exec(QrexecWorld::user() + ":exit 3");
  EXPECT_EQ(listen(call).code, 3);
}

TEST_F(AgentTest, ASignalledProgramIs128AndMore) {
  auto call = exec(QrexecWorld::user() + ":kill -9 $$");
  EXPECT_EQ(listen(call).code, 137);
}

TEST_F(AgentTest, AnotherUserIs125) {
  auto call = exec("someoneelse:echo no");
  Said const said = listen(call);
  EXPECT_EQ(said.code, 125);
  EXPECT_EQ(said.out, "");
}

TEST_F(AgentTest, ServiceGetsArgumentAndEnvironment) {
  world_.service("qubes.Service",
                 "echo \"n=$# arg=$1 dom=$QREXEC_REMOTE_DOMAIN full=$QREXEC_SERVICE_FULL_NAME a=${QREXEC_SERVICE_ARGUMENT-unset} "
                 "type=${QREXEC_REQUESTED_TARGET_TYPE-unset} name=${QREXEC_REQUESTED_TARGET-unset} key=${QREXEC_REQUESTED_TARGET_KEYWORD-unset}\"\n");
  auto call = service("qubes.Service+arg domX name dst");
  EXPECT_EQ(listen(call).out, "n=1 arg=arg dom=domX full=qubes.Service+arg a=arg type=name name=dst key=unset\n");
  auto bare = service("qubes.Service domX");
  EXPECT_EQ(listen(bare).out, "n=0 arg= dom=domX full=qubes.Service a=unset type= name=unset key=unset\n");
  auto keyword = service("qubes.Service+ domX keyword adminvm");
  EXPECT_EQ(listen(keyword).out, "n=0 arg= dom=domX full=qubes.Service+ a= type=keyword name=unset key=adminvm\n");
}

TEST_F(AgentTest, MissingServiceIs127AndBrokenOnesAre125) {
  auto missing = service("qubes.None domX");
  Said const said = listen(missing);
  EXPECT_EQ(said.code, 127);
  EXPECT_TRUE(said.streams_ended);
  world_.write("rpc/qubes.Plain", "x");
  auto plain = service("qubes.Plain domX");
  EXPECT_EQ(listen(plain).code, 125);
  world_.write("rpc/qubes.NoFormat", "neither script nor program\n", 0755);
  auto no_format = service("qubes.NoFormat domX");
  EXPECT_EQ(listen(no_format).code, 125);
  auto words = service("qubes.None domX name");
  EXPECT_EQ(listen(words).code, 125);
}

TEST_F(AgentTest, BadConfigurationIs125AndStartsNothing) {
  world_.service("qubes.Service", "touch " + (world_.folder() / "ran").string() + "\n");
  world_.write("config/qubes.Service", "wait-for-session=00\n");
  auto call = service("qubes.Service+x domX");
  EXPECT_EQ(listen(call).code, 125);
  EXPECT_FALSE(std::filesystem::exists(world_.folder() / "ran"));
}

TEST_F(AgentTest, WaitsForTheSessionFirst) {
  std::string const log = (world_.folder() / "log").string();
  world_.service("qubes.WaitForSession", "read user; echo \"$user $# $QREXEC_REMOTE_DOMAIN\" > " + log + "\n");
  world_.service("qubes.Service", "cat " + log + "\n");
  world_.write("config/qubes.Service", "wait-for-session = true\n");
  auto call = service("qubes.Service+x domX");
  EXPECT_EQ(listen(call).out, QrexecWorld::user() + " 0 domX\n");
}

TEST_F(AgentTest, JustExecAnswersAtOnce) {
  auto call = exec(QrexecWorld::user() + ":sleep 1; touch " + (world_.folder() / "ran").string(), 0x201);
  Message const message = call.receive();
  EXPECT_EQ(message.type, 0x193U);
  EXPECT_EQ(number_at(message.body, 0), 0U);
  EXPECT_TRUE(call.closed());
  expect_terminated();
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(world_.folder() / "ran"); }));
  auto none = exec(QrexecWorld::user() + ":QUBESRPC qubes.None domX", 0x201);
  EXPECT_EQ(number_at(none.receive().body, 0), 127U);
}

TEST_F(AgentTest, SocketServiceGetsTheHeaderAndTheStream) {
  FakeServer server(world_.folder() / "rpc" / "qubes.Sock");
  auto call = service("qubes.Sock+arg domX");
  FakePeer socket = server.accept();
  EXPECT_EQ(socket.receive_raw(17 - 1), std::string("qubes.Sock+arg d"));
  EXPECT_EQ(socket.receive_raw(4), std::string("omX\0", 4));
  Message const no_errors = call.receive();
  EXPECT_EQ(no_errors.type, 0x192U);
  EXPECT_EQ(no_errors.body, "");
  call.send(0x190, "ping");
  EXPECT_EQ(socket.receive_raw(4), "ping");
  socket.send_raw("pong");
  EXPECT_EQ(call.receive().body, "pong");
  call.send(0x190, "");
  EXPECT_TRUE(socket.closed());
  socket.close();
  EXPECT_EQ(listen(call).code, 0);
}

TEST_F(AgentTest, StderrFromACallerIsDroppedAndTheCallGoesOn) {
  auto call = exec(QrexecWorld::user() + ":cat");
  call.send(0x192, "must not get through");
  call.send(0x193, u32(9));
  call.send(0x190, "fine");
  call.send(0x190, "");
  Said const said = listen(call);
  EXPECT_EQ(said.out, "fine");
  EXPECT_EQ(said.code, 0);
}

TEST_F(AgentTest, AnOverlongChunkEndsTheCall) {
  auto call = exec(QrexecWorld::user() + ":cat");
  call.send_raw(u32(0x190) + u32(65537));
  EXPECT_TRUE(call.closed());
  expect_terminated();
}

TEST_F(AgentTest, WhatACallerSentBeforeItLeftStillArrives) {
  std::string const copy = (world_.folder() / "copy").string();
  auto call = exec(QrexecWorld::user() + ":sleep 1; cat > " + copy + "; touch " + copy + ".done");
  for (int i = 0; i < 16; ++i) call.send(0x190, std::string(65536, 'x'));
  call.close();
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(copy + ".done"); }));
  EXPECT_EQ(std::filesystem::file_size(copy), 16U * 65536);
  expect_terminated();
}

TEST_F(AgentTest, TcpServiceGetsTheHeaderAndTheStream) {
  TcpListener listener;
  std::filesystem::create_symlink("/dev/tcp/127.0.0.1", world_.folder() / "rpc" / "qubes.Tcp");
  auto call = service("qubes.Tcp+" + std::to_string(listener.port()) + " domX");
  FakePeer socket = listener.accept();
  std::string const header = terminated("qubes.Tcp+" + std::to_string(listener.port()) + " domX");
  EXPECT_EQ(socket.receive_raw(header.size()), header);
  call.send(0x190, "ping");
  EXPECT_EQ(socket.receive_raw(4), "ping");
  socket.send_raw("pong");
  call.send(0x190, "");
  EXPECT_TRUE(socket.closed());
  socket.close();
  Said const said = listen(call);
  EXPECT_EQ(said.out, "pong");
  EXPECT_EQ(said.code, 0);
  auto none = service("qubes.Tcp domX");
  EXPECT_EQ(listen(none).code, 125);
  auto name = service("qubes.Tcp+localhost+80 domX");
  EXPECT_EQ(listen(name).code, 125);
}

TEST_F(AgentTest, OneSocketForBothDirectionsOnRequest) {
  world_.service("qubes.Service", "kill -USR1 $QREXEC_AGENT_PID; echo hello >&0; read x; echo \"got $x\" >&0\n");
  auto call = service("qubes.Service domX");
  EXPECT_EQ(call.receive().body, "hello\n");
  call.send(0x190, "you\n");
  EXPECT_EQ(listen(call).out, "got you\n");
}

TEST_F(AgentTest, ForwardsRequestsAndAnswers) {
  auto local = FakePeer::connect(world_.agent_socket(42));
  std::string const service_name = terminated("qubes.Service+arg");
  local.send(0x213, fixed("", 64) + fixed("target", 64) + fixed("SOCKET", 32) + service_name);
  Message const request = dom0_.receive();
  EXPECT_EQ(request.type, 0x213U);
  EXPECT_EQ(request.body.substr(0, 128), fixed("", 64) + fixed("target", 64));
  EXPECT_EQ(request.body.substr(128, 6), "SOCKET");
  EXPECT_EQ(request.body.substr(160), service_name);
  std::string const ident = request.body.substr(128, 32);
  dom0_.send(0x202, u32(43) + u32(1024) + ident);
  EXPECT_EQ(local.receive_raw(8), u32(43) + u32(1024));
  local.close();
  expect_terminated();
}

TEST_F(AgentTest, ARefusalClosesTheCaller) {
  auto local = FakePeer::connect(world_.agent_socket(42));
  local.send(0x213, fixed("", 64) + fixed("target", 64) + fixed("SOCKET", 32) + terminated("svc"));
  dom0_.send(0x203, dom0_.receive().body.substr(128, 32));
  EXPECT_TRUE(local.closed());
}

TEST_F(AgentTest, GarbageOnTheTriggerSocketHurtsOnlyItsSender) {
  auto bad = FakePeer::connect(world_.agent_socket(42));
  bad.send_raw(u32(0x213) + u32(160));
  EXPECT_TRUE(bad.closed());
  auto good = exec(QrexecWorld::user() + ":echo alive");
  EXPECT_EQ(listen(good).out, "alive\n");
}

TEST_F(AgentTest, ListensAgainWhenDom0GoesAway) {
  dom0_.close();
  dom0_ = FakePeer::connect(world_.vchan(42, 0, 512));
  dom0_.shake_hands(4);
  auto call = exec(QrexecWorld::user() + ":echo back");
  EXPECT_EQ(listen(call).out, "back\n");
  expect_terminated();
  // And after garbage from it.
  dom0_.send(0x999, "x");
  EXPECT_TRUE(dom0_.closed());
  dom0_ = FakePeer::connect(world_.vchan(42, 0, 512));
  dom0_.shake_hands(4);
}

TEST_F(AgentTest, OutputAndErrorsCanBeOpenedByName) {
  world_.service("qubes.Open", "echo out >/proc/self/fd/1; echo err >/proc/self/fd/2; echo more >/dev/stdout; test -S /proc/self/fd/0 && echo socket\n");
  auto call = service("qubes.Open+ domX");
  Said const said = listen(call);
  EXPECT_EQ(said.out, "out\nmore\nsocket\n");
  EXPECT_EQ(said.err, "err\n");
  EXPECT_EQ(said.code, 0);
}

TEST_F(AgentTest, AServiceMayCloseOneDirectionAndGoOnWithTheOther) {
  world_.service("qubes.Half", "echo first; exec 1>&-; cat >" + (world_.folder() / "taken").string() + "; echo end >&2; exit 6\n");
  auto call = service("qubes.Half+ domX");
  Message message = call.receive();
  EXPECT_EQ(message.body, "first\n");
  message = call.receive();
  EXPECT_EQ(message.type, 0x191U);
  EXPECT_EQ(message.body, "") << "the end of its output, though it runs on";
  call.send(0x190, "still taken");
  call.send(0x190, "");
  Said const said = listen(call);
  EXPECT_EQ(said.err, "end\n");
  EXPECT_EQ(said.code, 6);
  EXPECT_EQ(read_file(world_.folder() / "taken", 4096).value_or(""), "still taken");
}

TEST_F(AgentTest, OneWaitForTheSessionServesAllThatWait) {
  std::string const folder = world_.folder().string();
  world_.service("qubes.WaitForSession", "read user; echo \"$user $QREXEC_REMOTE_DOMAIN\" >>" + folder + "/waits; while ! test -e " + folder +
                                             "/there; do sleep 0.02; done\n");
  world_.service("qubes.Gui", "echo run\n");
  world_.write("config/qubes.Gui", "wait-for-session = true\n");
  auto const begin = [&](std::uint32_t port) {
    FakeServer server(world_.vchan(43, 42, static_cast<int>(port)));
    dom0_.send(0x200, u32(43) + u32(port) + terminated(QrexecWorld::user() + ":QUBESRPC qubes.Gui+ dom" + std::to_string(port)));
    FakePeer call = server.accept();
    call.shake_hands(4);
    return call;
  };
  std::vector<FakePeer> calls;
  for (std::uint32_t port = 1024; port < 1032; ++port) calls.push_back(begin(port));
  auto const waits = [&] { return read_file(world_.folder() / "waits", 4096).value_or(""); };
  EXPECT_TRUE(eventually([&] { return !waits().empty(); }));
  world_.write("there", "");
  for (auto& call : calls) EXPECT_EQ(listen(call).out, "run\n");
  std::string const all = waits();
  EXPECT_LT(std::count(all.begin(), all.end(), '\n'), 8) << "a wait for each call: " << all;
  EXPECT_EQ(all.find(QrexecWorld::user() + " dom10"), 0U);
  // Later calls wait anew, and a call without it does not.
  auto again = begin(1040);
  EXPECT_EQ(listen(again).out, "run\n");
  EXPECT_NE(waits().find("dom1040"), std::string::npos);
}

TEST_F(AgentTest, WhoeverLedTheWaitMayLeaveAndAnotherTakesOver) {
  std::string const folder = world_.folder().string();
  world_.service("qubes.WaitForSession", "echo $QREXEC_REMOTE_DOMAIN >>" + folder + "/waits; while ! test -e " + folder + "/there; do sleep 0.02; done\n");
  world_.service("qubes.Gui", "echo run\n");
  world_.write("config/qubes.Gui", "wait-for-session = true\n");
  auto const waits = [&] { return read_file(world_.folder() / "waits", 4096).value_or(""); };
  auto leader = service("qubes.Gui+ first");
  EXPECT_TRUE(eventually([&] { return waits() == "first\n"; }));
  FakeServer server(world_.vchan(43, 42, 1030));
  dom0_.send(0x200, u32(43) + u32(1030) + terminated(QrexecWorld::user() + ":QUBESRPC qubes.Gui+ second"));
  FakePeer second = server.accept();
  second.shake_hands(4);
  leader.close();
  EXPECT_TRUE(eventually([&] { return waits() == "first\nsecond\n"; })) << waits();
  world_.write("there", "");
  EXPECT_EQ(listen(second).out, "run\n");
}

TEST_F(AgentTest, ADanglingLinkIsAnErrorAndNoReasonToGoOn) {
  world_.service("qubes.Service", "echo general\n");
  std::filesystem::create_symlink("/nonexistent/file", world_.folder() / "rpc/qubes.Service+arg");
  auto dangling = service("qubes.Service+arg domX");
  Said const said = listen(dangling);
  EXPECT_EQ(said.code, 125);
  EXPECT_EQ(said.out, "");
  auto other = service("qubes.Service+other domX");
  EXPECT_EQ(listen(other).out, "general\n");
}

TEST_F(AgentTest, ANameOf255BytesIsLegal) {
  std::string const name(255, 'n');
  world_.service(name, "echo long\n");
  world_.write("config/" + name, "wait-for-session = false\n");
  auto call = service(name + " domX");
  EXPECT_EQ(listen(call).out, "long\n");
  auto with_argument = service(name + "+a domX");
  EXPECT_EQ(listen(with_argument).out, "long\n");
}

}  // namespace
}  // namespace bh::qrexec_test
