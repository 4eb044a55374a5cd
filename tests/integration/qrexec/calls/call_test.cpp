// All four programs together: dom0 to qube, qube to qube, qube to dom0.
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "base/posix_io.h"
#include "qrexec_world.h"

namespace bh::qrexec_test {
namespace {

namespace fs = std::filesystem;

TEST(Dom0Call, OutputErrorsAndExitCode) {
  QrexecWorld world;
  world.qube(42, "work");
  auto const done = world.client("work", "DEFAULT:cat; echo err >&2; exit 9", "input");
  EXPECT_EQ(done.code, 9);
  EXPECT_EQ(done.output, "input");
  EXPECT_EQ(done.errors, "err\n");
  EXPECT_EQ(world.client("uuid:uuid-work", "DEFAULT:exit 4").code, 4);
  EXPECT_EQ(world.client("42", "DEFAULT:QUBESRPC none dom0").code, 127);
  auto const unknown = world.client("nobody", "DEFAULT:true");
  EXPECT_EQ(unknown.code, 125);
  EXPECT_NE(unknown.errors.find("nobody is not running"), std::string::npos);
}

TEST(Dom0Call, SixtyFourMebibytesThroughAndBack) {
  QrexecWorld world;
  world.qube(42, "work");
  std::string big(64U << 20, '\0');
  std::uint32_t state = 1;
  for (char& c : big) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24);
  }
  auto const done = world.client("work", "DEFAULT:cat", big);
  EXPECT_EQ(done.code, 0);
  EXPECT_TRUE(done.output == big) << done.output.size();
}

TEST(Dom0Call, ExitsThoughItsInputWasNotTaken) {
  QrexecWorld world;
  world.qube(42, "work");
  EXPECT_EQ(world.client("work", "DEFAULT:exit 6", std::string(8U << 20, 'x')).code, 6);
}

TEST(Dom0Call, OptionsOfTheClient) {
  QrexecWorld world;
  world.qube(42, "work");
  std::string const folder = "--socket-dir=" + (world.folder() / "s").string();
  EXPECT_EQ(world.run(0, {"qrexec-client", folder, "-E", "-d", "work", "DEFAULT:exit 6"}).code, 0);
  EXPECT_EQ(world.run(0, {"qrexec-client", folder, "-p", "first ", "-d", "work", "DEFAULT:cat"}, "second").output, "first second");
  EXPECT_EQ(world.run(0, {"qrexec-client", folder, "-t", "-d", "work", "DEFAULT:printf 'a\\033[31mb\\n'"}).output, "a_[31mb\n");
  std::string const copy = (world.folder() / "copy").string();
  EXPECT_EQ(world.run(0, {"qrexec-client", folder, "-l", "cat > " + copy + "; echo x", "-d", "work", "DEFAULT:echo data; exec 1>&-; cat >&2"}).errors, "x\n");
  EXPECT_EQ(fs::file_size(copy), 5U);
  EXPECT_EQ(world.run(0, {"qrexec-client", folder, "-e", "-d", "work", "DEFAULT:touch " + copy + "2"}).code, 0);
  EXPECT_TRUE(eventually([&] { return fs::exists(copy + "2"); }));
  EXPECT_EQ(world.run(0, {"qrexec-client", "-d", "work"}).code, 1);
  EXPECT_EQ(world.run(0, {"qrexec-client", "--help"}).code, 0);
}

TEST(Dom0Call, FiftyAtOnce) {
  QrexecWorld world;
  world.qube(42, "work");
  std::vector<ChildProcess> calls;
  for (int i = 0; i < 50; ++i) {
    calls.push_back(world.start(0, {"qrexec-client", "--socket-dir=" + (world.folder() / "s").string(), "-w", "60", "-d", "work",
                                    "DEFAULT:sleep 0.2; exit " + std::to_string(i + 1)}));
  }
  for (int i = 0; i < 50; ++i) {
    auto const status = calls[static_cast<std::size_t>(i)].wait(Clock::now() + std::chrono::seconds(60));
    ASSERT_TRUE(status.ok() && status->has_value());
    EXPECT_EQ((*status)->code, i + 1);
  }
}

TEST(Dom0Call, TwoHundredAndFiftySixAtOnceAndNotOneMore) {
  QrexecWorld world;
  world.qube(42, "work");
  std::string const go = (world.folder() / "go").string(), began = (world.folder() / "began").string();
  std::vector<ChildProcess> calls;
  for (int i = 0; i < 256; ++i) {
    calls.push_back(world.start(0, {"qrexec-client", "--socket-dir=" + (world.folder() / "s").string(), "-w", "60", "-d", "work",
                                    "DEFAULT:echo >>" + began + "; while ! test -e " + go + "; do sleep 1; done; exit 7"}));
  }
  EXPECT_TRUE(eventually([&] { return read_file(began, 4096).value_or("").size() == 256; }));
  EXPECT_NE(world.client("work", "DEFAULT:true").code, 0) << "all ports are taken";
  world.write("go", "");
  for (auto& call : calls) {
    auto const status = call.wait(Clock::now() + std::chrono::seconds(60));
    ASSERT_TRUE(status.ok() && status->has_value());
    EXPECT_EQ((*status)->code, 7);
  }
  EXPECT_EQ(world.client("work", "DEFAULT:exit 4").code, 4) << "and are free again";
}

TEST(Dom0Call, TheAgentIsKilledAndComesBack) {
  QrexecWorld world;
  world.qube(42, "work");
  auto running = world.start(0, {"qrexec-client", "--socket-dir=" + (world.folder() / "s").string(), "-d", "work", "DEFAULT:sleep 2; exit 3"});
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  ASSERT_TRUE(world.running[1].signal(SIGKILL).ok());
  EXPECT_TRUE(eventually([&] { return !fs::exists(world.local_socket("work")); }));
  world.running.push_back(world.agent(42));
  EXPECT_TRUE(eventually([&] { return fs::exists(world.local_socket("work")); }));
  EXPECT_EQ(world.client("work", "DEFAULT:exit 5").code, 5);
  // A call that ran has a connection of its own and is not hurt.
  auto const status = running.wait(Clock::now() + std::chrono::seconds(60));
  ASSERT_TRUE(status.ok() && status->has_value());
  EXPECT_EQ((*status)->code, 3);
}

TEST(Dom0Call, Dom0ToDom0) {
  QrexecWorld world;
  world.service("local.Svc", "echo \"$1 $QREXEC_REMOTE_DOMAIN\"; exit 8\n");
  auto const done = world.client("dom0", "DEFAULT:QUBESRPC local.Svc+a dom0");
  EXPECT_EQ(done.output, "a dom0\n");
  EXPECT_EQ(done.code, 8);
  EXPECT_EQ(world.client("dom0", "DEFAULT:QUBESRPC none+a dom0").code, 127);
  EXPECT_EQ(world.client("dom0", "DEFAULT:QUBESRPC local.Svc+a dom0 name").code, 125);
}

TEST(VmCall, FromQubeToQube) {
  QrexecWorld world;
  world.qube(42, "work");
  world.qube(43, "vault");
  world.service("test.Svc", "echo \"$QREXEC_REMOTE_DOMAIN $QREXEC_SERVICE_FULL_NAME\"; cat; exit 3\n");
  auto const there = world.client_vm(42, {"vault", "test.Svc+arg"}, "data");
  EXPECT_EQ(there.output, "work test.Svc+arg\ndata");
  EXPECT_EQ(there.code, 3);
  auto const back = world.client_vm(43, {"work", "test.Svc"}, "x");
  EXPECT_EQ(back.output, "vault test.Svc+\nx");
}

TEST(VmCall, RefusedByPolicyIs126) {
  QrexecWorld world;
  world.qube(42, "work");
  auto const done = world.client_vm(42, {"work", "test.Denied", "/bin/touch", (world.folder() / "ran").string()});
  EXPECT_EQ(done.code, 126);
  EXPECT_EQ(done.output, "");
  EXPECT_EQ(done.errors, "Request refused\n");
  EXPECT_FALSE(fs::exists(world.folder() / "ran"));
  EXPECT_EQ(world.client_vm(42, {"not-there", "test.Svc"}).code, 126);
}

TEST(VmCall, AReaderThatStandsStillDoesNotStopTheInput) {
  QrexecWorld world;
  world.qube(42, "work");
  std::string const folder = world.folder().string();
  world.service("test.Svc", "head -c 1000000 /dev/zero & cat > " + folder + "/took; wait\n");
  auto call = world.start(42, {"/bin/sh", "-c",
                               "head -c 1000000 /dev/zero | " + QrexecWorld::program("qrexec-client-vm").string() + " --agent-socket=" +
                                   world.agent_socket(42).string() + " work test.Svc | (until test -e " + folder +
                                   "/go; do sleep 0.05; done; wc -c > " + folder + "/count)"});
  EXPECT_TRUE(eventually([&] { return fs::exists(folder + "/took") && fs::file_size(folder + "/took") == 1000000U; }));
  world.write("go", "");
  auto const status = call.wait(Clock::now() + std::chrono::seconds(60));
  ASSERT_TRUE(status.ok() && status->has_value());
  EXPECT_EQ(read_file(folder + "/count", 100).value_or(""), "1000000\n");
}

TEST(VmCall, AReaderThatLeftDoesNotHideTheExitCode) {
  QrexecWorld world;
  world.qube(42, "work");
  world.service("test.Svc", "sleep 1; head -c 100000 /dev/zero; exit 5\n");
  auto const done = world.run(42, {"/bin/sh", "-c",
                                   "(" + QrexecWorld::program("qrexec-client-vm").string() + " --agent-socket=" +
                                       world.agent_socket(42).string() + " work test.Svc; echo $? >&2) | true; sleep 0"});
  EXPECT_EQ(done.errors, "5\n");
}

TEST(VmCall, Loopback) {
  QrexecWorld world;
  world.qube(42, "work");
  world.service("test.Svc", "cat; exit 1\n");
  auto const done = world.client_vm(42, {"work", "test.Svc"}, "self");
  EXPECT_EQ(done.output, "self");
  EXPECT_EQ(done.code, 1);
}

TEST(VmCall, ToDom0) {
  QrexecWorld world;
  world.qube(42, "work");
  world.service("test.Svc", "echo \"$1 $QREXEC_REMOTE_DOMAIN $QREXEC_REQUESTED_TARGET_TYPE $QREXEC_REQUESTED_TARGET\"; cat; exit 2\n");
  auto const done = world.client_vm(42, {"dom0", "test.Svc+a"}, "in");
  EXPECT_EQ(done.output, "a work name dom0\nin");
  EXPECT_EQ(done.code, 2);
  EXPECT_EQ(world.client_vm(42, {"dom0", "none"}).code, 127);
}

TEST(VmCall, ManyAtOnceBothWays) {
  QrexecWorld world;
  world.qube(42, "work");
  world.qube(43, "vault");
  world.service("test.Svc", "exit $1\n");
  std::vector<ChildProcess> calls;
  for (int i = 0; i < 20; ++i) {
    bool const from_work = i % 2 == 0;
    int const domain = from_work ? 42 : 43;
    calls.push_back(world.start(domain, {"qrexec-client-vm", "--agent-socket=" + world.agent_socket(domain).string(),
                                         from_work ? "vault" : "work", "test.Svc+" + std::to_string(i + 1)}));
  }
  for (int i = 0; i < 20; ++i) {
    auto const status = calls[static_cast<std::size_t>(i)].wait(Clock::now() + std::chrono::seconds(60));
    ASSERT_TRUE(status.ok() && status->has_value());
    EXPECT_EQ((*status)->code, i + 1);
  }
}

}  // namespace
}  // namespace bh::qrexec_test
