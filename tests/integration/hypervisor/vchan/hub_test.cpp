// bulkhead-hub, two of them and a stand-in for the port: what a program sees must be what it would see in one folder.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <random>

#include "base/temp_dir.h"
#include "hub_process.h"
#include "hypervisor/vchan/client.h"
#include "hypervisor/vchan/pair_grants.h"
#include "hypervisor/vchan/server.h"

namespace bh::vchan {
namespace {

using test::FakeQube;

Deadline soon() { return Clock::now() + std::chrono::seconds(30); }

template <class Condition>
bool eventually(Condition condition) {
  Deadline const until = soon();
  while (!condition()) {
    if (Clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

Bytes random_bytes(std::size_t size, unsigned seed) {
  std::mt19937_64 generator(seed);
  Bytes bytes(size);
  for (std::size_t i = 0; i + 8 <= size; i += 8) {
    auto const number = generator();
    std::memcpy(bytes.data() + i, &number, 8);
  }
  return bytes;
}

bool at_end(UniqueFd const& stream) {
  std::byte byte[1];
  auto const ready = wait_for(stream, POLLIN, soon());
  auto const got = read_some(stream, byte);
  return ready && *ready && (got ? *got == 0 : got.error().errno_value == ECONNRESET);
}

class HubTest : public testing::Test {
 protected:
  TempDir folder_ = *TempDir::create("hub-test");
  std::filesystem::path dom0() const { return folder_.path() / "dom0"; }
  void SetUp() override { std::filesystem::create_directories(dom0()); }
  std::unique_ptr<FakeQube> qube(std::uint16_t domain) {
    return std::make_unique<FakeQube>(folder_.path(), dom0(), DomainId(domain));
  }
  struct Stream {
    UniqueFd server, client;
  };
  // A server in one folder, a client in another; both ends of what the hubs make of it.
  static Stream join(std::filesystem::path const& serving, std::filesystem::path const& connecting, ChannelName const& name) {
    auto server = Server::listen(serving, name);
    EXPECT_TRUE(server) << server.error().message;
    auto client = connect(connecting, name, soon());
    EXPECT_TRUE(client) << client.error().message;
    auto peer = server->accept(soon());
    EXPECT_TRUE(peer) << peer.error().message;
    return {*std::move(peer), *std::move(client)};
  }
  static void expect_talk(Stream const& stream) {
    std::byte bytes[5];
    ASSERT_TRUE(write_all(stream.client, as_bytes("hello")));
    ASSERT_TRUE(read_exact(stream.server, bytes));
    EXPECT_EQ(as_text(bytes), "hello");
    ASSERT_TRUE(write_all(stream.server, as_bytes("there")));
    ASSERT_TRUE(read_exact(stream.client, bytes));
    EXPECT_EQ(as_text(bytes), "there");
  }
};

ChannelName to_dom0(std::uint16_t qube, std::uint32_t port) { return {DomainId(qube), kDom0, Port(port)}; }
ChannelName from_dom0(std::uint16_t qube, std::uint32_t port) { return {kDom0, DomainId(qube), Port(port)}; }

TEST_F(HubTest, CarriesStreamsInBothDirectionsAndTheirEnds) {
  auto const work = qube(5);
  auto stream = join(work->folder(), dom0(), to_dom0(5, 512));
  expect_talk(stream);
  stream.server.reset();
  EXPECT_TRUE(at_end(stream.client));
  auto back = join(dom0(), work->folder(), from_dom0(5, 513));
  expect_talk(back);
  back.client.reset();
  EXPECT_TRUE(at_end(back.server));
}

TEST_F(HubTest, WritesTheConfigurationForTheGuest) {
  auto const work = qube(5);
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(work->env_file()); }));
  EXPECT_EQ(*read_file(work->env_file(), 4096), "QUBE_NAME=work\nVCHAN_DOMAIN=5\n");
  auto const mode = std::filesystem::status(work->env_file()).permissions();
  EXPECT_EQ(static_cast<unsigned>(mode), 0644U);
}

TEST_F(HubTest, FindsServersThatWereThereBefore) {
  auto server = *Server::listen(dom0(), from_dom0(7, 900));
  auto const work = qube(7);
  auto const client = connect(work->folder(), from_dom0(7, 900), soon());
  ASSERT_TRUE(client);
  EXPECT_TRUE(server.accept(soon()));
}

TEST_F(HubTest, FlushesWhatWasWrittenBeforeTheClose) {
  auto const work = qube(5);
  for (std::uint32_t port = 600; port < 620; ++port) {
    auto server = *Server::listen(work->folder(), to_dom0(5, port));
    auto client = *connect(dom0(), to_dom0(5, port), soon());
    Bytes const sent = random_bytes(200'000, port);
    std::thread writer([&] {
      EXPECT_TRUE(write_all(client, sent));
      client.reset();
    });
    auto const peer = *server.accept(soon());
    Bytes received(sent.size());
    EXPECT_TRUE(read_exact(peer, received));
    EXPECT_TRUE(received == sent);
    EXPECT_TRUE(at_end(peer));
    writer.join();
  }
}

TEST_F(HubTest, Moves64MiBWholeBothWaysAtOnce) {
  auto const work = qube(5);
  auto const stream = join(work->folder(), dom0(), to_dom0(5, 512));
  Bytes const up = random_bytes(64 << 20, 1);
  Bytes const down = random_bytes(64 << 20, 2);
  Bytes up_received(up.size()), down_received(down.size());
  std::thread a([&] { EXPECT_TRUE(write_all(stream.client, down)); });
  std::thread b([&] { EXPECT_TRUE(write_all(stream.server, up)); });
  std::thread c([&] { EXPECT_TRUE(read_exact(stream.client, up_received)); });
  EXPECT_TRUE(read_exact(stream.server, down_received));
  a.join();
  b.join();
  c.join();
  EXPECT_TRUE(up == up_received);
  EXPECT_TRUE(down == down_received);
}

TEST_F(HubTest, ServesTwoHundredStreamsAtOnce) {
  auto const work = qube(5);
  std::vector<Server> servers;
  std::vector<Stream> streams;
  for (std::uint32_t i = 0; i < 200; ++i) servers.push_back(*Server::listen(work->folder(), to_dom0(5, 1000 + i)));
  for (std::uint32_t i = 0; i < 200; ++i) {
    Stream stream;
    stream.client = *connect(dom0(), to_dom0(5, 1000 + i), soon());
    stream.server = *servers[i].accept(soon());
    streams.push_back(std::move(stream));
  }
  // One stream that nobody reads must not hold up the others.
  ASSERT_TRUE(set_nonblocking(streams[0].client, true));
  Bytes const flood(4 << 20);
  ByteSpan left(flood);
  Deadline const quiet = Clock::now() + std::chrono::milliseconds(500);
  while (!left.empty() && Clock::now() < quiet) {
    if (auto const put = write_some(streams[0].client, left)) left = left.subspan(*put);
  }
  EXPECT_FALSE(left.empty());
  for (std::uint32_t i = 1; i < 200; ++i) expect_talk(streams[i]);
}

TEST_F(HubTest, JoinsTwoQubesThroughDom0) {
  auto const work = qube(5);
  auto const other = qube(9);
  PairGrants grants(dom0(), DomainId(9));
  ASSERT_TRUE(grants.give(DomainId(5), Port(513)));
  auto const stream = join(work->folder(), other->folder(), {DomainId(5), DomainId(9), Port(513)});
  expect_talk(stream);
  Bytes const sent = random_bytes(4 << 20, 3);
  Bytes received(sent.size());
  std::thread writer([&] { EXPECT_TRUE(write_all(stream.server, sent)); });
  EXPECT_TRUE(read_exact(stream.client, received));
  writer.join();
  EXPECT_TRUE(sent == received);
}

TEST_F(HubTest, TwoQubesThatAgreeGetNoChannelWithoutACallThatPolicyAllowed) {
  auto const work = qube(5);
  auto const other = qube(9);
  ChannelName const wanted{DomainId(5), DomainId(9), Port(515)};
  {
    // Grants for another port, another pair, and the way back; and one that was taken back.
    PairGrants of_other(dom0(), DomainId(9));
    PairGrants of_work(dom0(), DomainId(5));
    ASSERT_TRUE(of_other.give(DomainId(5), Port(517)));
    ASSERT_TRUE(of_other.give(DomainId(6), Port(515)));
    ASSERT_TRUE(of_work.give(DomainId(9), Port(515)));
    ASSERT_TRUE(of_other.give(DomainId(5), Port(515)));
    of_other.take_back(DomainId(5), Port(515));
    auto const server = *Server::listen(work->folder(), wanted);
    // What came later has arrived, so this would have.
    expect_talk(join(work->folder(), dom0(), to_dom0(5, 705)));
    expect_talk(join(dom0(), other->folder(), from_dom0(9, 706)));
    EXPECT_FALSE(std::filesystem::exists(other->folder() / wanted.file_name()));
  }
  for (auto const& entry : std::filesystem::directory_iterator(dom0())) {
    EXPECT_FALSE(entry.path().filename().string().starts_with("grant.")) << "a grant outlived its daemon: " << entry.path();
  }
}

TEST_F(HubTest, NeverShowsAQubeTheChannelsOfOthers) {
  auto const work = qube(5);
  auto const other = qube(9);
  // Names a qube has no right to: another's server, dom0's server, and dom0's channel with another qube.
  std::vector<Server> forged;
  for (auto const& name : {to_dom0(9, 700), from_dom0(5, 701), from_dom0(9, 702), ChannelName{DomainId(9), DomainId(5), Port(703)}}) {
    forged.push_back(*Server::listen(work->folder(), name));
  }
  auto const not_for_work = *Server::listen(dom0(), from_dom0(9, 704));
  // Later ones of the same two folders have arrived, so the earlier ones would have.
  expect_talk(join(work->folder(), dom0(), to_dom0(5, 705)));
  expect_talk(join(dom0(), work->folder(), from_dom0(5, 706)));
  for (auto const& name : {to_dom0(9, 700), from_dom0(5, 701), from_dom0(9, 702), ChannelName{DomainId(9), DomainId(5), Port(703)}}) {
    EXPECT_FALSE(std::filesystem::exists(dom0() / name.file_name())) << name.file_name();
    EXPECT_FALSE(std::filesystem::exists(other->folder() / name.file_name())) << name.file_name();
  }
  EXPECT_FALSE(std::filesystem::exists(work->folder() / from_dom0(9, 704).file_name()));
}

TEST_F(HubTest, AServerThatDiedWithoutUnlinkingIsAClosedStream) {
  auto const work = qube(5);
  {
    auto server = *Server::listen(work->folder(), to_dom0(5, 512));
    std::filesystem::rename(work->folder() / to_dom0(5, 512).file_name(), folder_.path() / "kept");
  }
  std::filesystem::rename(folder_.path() / "kept", work->folder() / to_dom0(5, 512).file_name());
  auto const client = connect(dom0(), to_dom0(5, 512), soon());
  ASSERT_TRUE(client);
  EXPECT_TRUE(at_end(*client));
}

TEST_F(HubTest, AnEndedServersMirrorGoesAndItsSuccessorsComes) {
  auto const work = qube(5);
  auto first = std::make_unique<Server>(*Server::listen(work->folder(), to_dom0(5, 512)));
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(dom0() / to_dom0(5, 512).file_name()); }));
  first.reset();
  ASSERT_TRUE(eventually([&] { return !std::filesystem::exists(dom0() / to_dom0(5, 512).file_name()); }));
  expect_talk(join(work->folder(), dom0(), to_dom0(5, 512)));
}

TEST_F(HubTest, AHubThatIsKilledAndStartedAgainClosesStreamsAndGoesOn) {
  auto const work = qube(5);
  for (bool const host : {true, false, true, false}) {
    auto const server = *Server::listen(work->folder(), to_dom0(5, 800));  // waits through it all
    auto const stream = join(work->folder(), dom0(), to_dom0(5, 512));
    expect_talk(stream);
    // In the middle of a transfer, so that half a frame is on the port.
    std::thread writer([&] {
      Bytes const flood(1 << 20);
      while (write_all(stream.client, flood)) {}
    });
    std::byte some[65536];
    ASSERT_TRUE(read_exact(stream.server, some));
    host ? work->kill_host_hub() : work->kill_guest_hub();
    host ? work->start_host_hub() : work->start_guest_hub();
    EXPECT_TRUE(eventually([&] {
      auto const got = read_some(stream.server, some);
      return !got || *got == 0;
    }));
    writer.join();
    expect_talk(join(work->folder(), dom0(), to_dom0(5, 512)));
    auto const client = connect(dom0(), to_dom0(5, 800), soon());
    EXPECT_TRUE(client);
  }
}

TEST_F(HubTest, GarbageOnThePortCostsTheSessionNotTheHub) {
  auto const work = qube(5);
  std::mt19937 generator(4);
  for (int round = 0; round < 3; ++round) {
    auto const stream = join(work->folder(), dom0(), to_dom0(5, 512));
    expect_talk(stream);
    std::string garbage(5000, '\0');
    for (auto& byte : garbage) byte = static_cast<char>(generator());
    work->port().inject(garbage);
    EXPECT_TRUE(at_end(stream.client));
    EXPECT_TRUE(at_end(stream.server));
  }
  expect_talk(join(work->folder(), dom0(), to_dom0(5, 512)));
  EXPECT_TRUE(work->host_hub().running());
  EXPECT_TRUE(work->guest_hub().running());
}

TEST_F(HubTest, DataThatLooksLikeAGreetingStaysData) {
  auto const work = qube(5);
  auto const stream = join(work->folder(), dom0(), to_dom0(5, 512));
  std::string forged;
  for (int i = 0; i < 1000; ++i) forged += std::string("\xB1" "BULKHEAD-MUX1\r\n\0\1\0\0\1\2\3\4\1\0\0\0\0\0\0\0", 32);
  ASSERT_TRUE(write_all(stream.client, as_bytes(forged)));
  Bytes received(forged.size());
  ASSERT_TRUE(read_exact(stream.server, received));
  EXPECT_TRUE(as_text(received) == forged);
  expect_talk(stream);
}

TEST_F(HubTest, StopsWhenToldToAndLeavesNoSockets) {
  auto work = qube(5);
  auto const server = *Server::listen(work->folder(), to_dom0(5, 512));
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(dom0() / to_dom0(5, 512).file_name()); }));
  auto const status = work->host_hub().terminate(std::chrono::seconds(20));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->code, 0);
  EXPECT_TRUE(std::filesystem::is_empty(dom0()));
}

TEST_F(HubTest, EndsWithCode3WhenThePortIsGoneForGood) {
  auto work = qube(5);
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(work->env_file()); }));
  work->remove_port();
  auto const status = work->host_hub().wait(soon());
  ASSERT_TRUE(status && *status);
  EXPECT_EQ((*status)->code, 3);
}

TEST_F(HubTest, RefusesAConfigurationThatCouldCarryMore) {
  for (char const* text : {"VCHAN_DOMAIN=5\nX=\"a\n", "VCHAN_DOMAIN=6\n", "X=1\n", "VCHAN_DOMAIN=5\nx=1\n"}) {
    std::ofstream(folder_.path() / "bad.env") << text;
    SpawnOptions options;
    options.argv = {test::program("bulkhead-hub").string(), "host", "--port-socket", "none", "--domain", "5", "--vchan-dir",
                    dom0().string(), "--guest-env", (folder_.path() / "bad.env").string()};
    auto hub = *ChildProcess::spawn(options);
    auto const status = hub.wait(soon());
    ASSERT_TRUE(status && *status) << text;
    EXPECT_EQ((*status)->code, 2) << text;
  }
}

TEST_F(HubTest, SleepsWhenThereIsNothingToDo) {
  auto const work = qube(5);
  auto const stream = join(work->folder(), dom0(), to_dom0(5, 512));
  expect_talk(stream);
  auto const ticks = [&](ChildProcess const& process) {
    std::string const stat = *read_file("/proc/" + std::to_string(process.pid()) + "/stat", 4096);
    std::istringstream fields(stat.substr(stat.rfind(')') + 2));
    std::string field;
    long user = 0, system = 0;
    for (int i = 3; i <= 15; ++i) {
      fields >> field;
      if (i == 14) user = std::stol(field);
      if (i == 15) system = std::stol(field);
    }
    return user + system;
  };
  long const before = ticks(work->host_hub()) + ticks(work->guest_hub());
  std::this_thread::sleep_for(std::chrono::seconds(2));
  EXPECT_LE(ticks(work->host_hub()) + ticks(work->guest_hub()) - before, 4);  // of 10 ms
}

}  // namespace
}  // namespace bh::vchan
