#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <thread>

#include "base/temp_dir.h"
#include "hypervisor/vchan/client.h"
#include "hypervisor/vchan/server.h"

namespace bh::vchan {
namespace {

Deadline soon() { return Clock::now() + std::chrono::seconds(20); }
constexpr ChannelName kName{DomainId(5), kDom0, Port(512)};

class VchanSocket : public testing::Test {
 protected:
  TempDir folder_ = *TempDir::create("vchan-test");
  std::filesystem::path const& dir() const { return folder_.path(); }
};

TEST_F(VchanSocket, CarriesBytesBothWaysAndEndsWithTheStream) {
  auto server = Server::listen(dir(), kName);
  ASSERT_TRUE(server) << server.error().message;
  auto client = connect(dir(), kName, soon());
  ASSERT_TRUE(client) << client.error().message;
  auto peer = server->accept(soon());
  ASSERT_TRUE(peer) << peer.error().message;
  ASSERT_TRUE(write_all(*client, as_bytes("ping")));
  std::byte four[4];
  ASSERT_TRUE(read_exact(*peer, four));
  EXPECT_EQ(as_text(four), "ping");
  ASSERT_TRUE(write_all(*peer, as_bytes("pong")));
  peer->reset();
  ASSERT_TRUE(read_exact(*client, four));
  EXPECT_EQ(as_text(four), "pong");
  auto const end = read_some(*client, four);
  ASSERT_TRUE(end);
  EXPECT_EQ(*end, 0U);
}

TEST_F(VchanSocket, AcceptsOnePeerAndNeverASecond) {
  auto server = *Server::listen(dir(), kName);
  auto const first = connect(dir(), kName, soon());
  ASSERT_TRUE(server.accept(soon()));
  EXPECT_FALSE(std::filesystem::exists(dir() / kName.file_name()));
  EXPECT_FALSE(server.pollable().open());
  auto const second = try_connect(dir(), kName);
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->has_value());
}

TEST_F(VchanSocket, ClientWaitsForAServerThatComesLater) {
  std::thread late([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    auto server = *Server::listen(dir(), kName);
    ASSERT_TRUE(server.accept(soon()));
  });
  EXPECT_TRUE(connect(dir(), kName, soon()));
  late.join();
}

TEST_F(VchanSocket, BothEndsGiveUpAtTheirDeadline) {
  auto const nobody = connect(dir(), kName, Clock::now() + std::chrono::milliseconds(20));
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().errno_value, ETIMEDOUT);
  auto server = *Server::listen(dir(), kName);
  auto const peer = server.accept(Clock::now());
  ASSERT_FALSE(peer);
  EXPECT_EQ(peer.error().errno_value, ETIMEDOUT);
  EXPECT_TRUE(try_connect(dir(), kName)->has_value());
}

TEST_F(VchanSocket, AStaleNameIsNotAServer) {
  auto server = *Server::listen(dir(), kName);
  // A server that died without unlinking: the file stays, nobody listens.
  std::filesystem::rename(dir() / kName.file_name(), dir() / "kept");
  { Server const gone = std::move(server); }
  std::filesystem::rename(dir() / "kept", dir() / kName.file_name());
  auto const stream = try_connect(dir(), kName);
  ASSERT_TRUE(stream);
  EXPECT_FALSE(stream->has_value());
}

TEST_F(VchanSocket, ADyingServerLeavesItsSuccessorsName) {
  auto old = std::make_unique<Server>(*Server::listen(dir(), kName));
  auto const successor = Server::listen(dir(), kName);
  ASSERT_TRUE(successor);
  old.reset();
  EXPECT_TRUE(std::filesystem::exists(dir() / kName.file_name()));
}

TEST_F(VchanSocket, AMissingFolderIsNotThereYetForAClientAndAnErrorForAServer) {
  EXPECT_FALSE(try_connect(dir() / "none", kName)->has_value());
  EXPECT_FALSE(Server::listen(dir() / "none", kName));
}

}  // namespace
}  // namespace bh::vchan
