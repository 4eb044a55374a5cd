// The client against servers that do not behave: nobody there, a full queue, silence, half an answer.
#include <gtest/gtest.h>

#include <vector>

#include "base/temp_dir.h"
#include "base/unix_socket.h"
#include "dom0/client/client.h"

namespace bh::admin {
namespace {

using namespace std::chrono_literals;

class ClientTest : public ::testing::Test {
 protected:
  std::string error_of(std::chrono::milliseconds timeout) {
    auto const reply = Client(socket).call({.method = "admin.vm.List"}, timeout);
    return reply ? "(an answer)" : reply.error().type;
  }
  TempDir folder = *TempDir::create("bh-client-");
  std::filesystem::path socket = folder.path() / "qubesd.sock";
};

TEST_F(ClientTest, NobodyThereIsSaidAtOnce) {
  auto const reply = Client(socket).call({.method = "admin.vm.List"}, 60s);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().type, kUnreachable);
  EXPECT_NE(reply.error().message.find("bulkheadd is not running"), std::string::npos);
}

TEST_F(ClientTest, AFullQueueHoldsNobodyPastTheDeadline) {
  auto const listener = listen_unix(socket, 0);
  ASSERT_TRUE(listener);
  std::vector<UniqueFd> waiting;
  for (int i = 0; i < 10; ++i) {
    auto fd = try_connect_unix(socket);
    if (!fd) break;
    waiting.push_back(std::move(*fd));
  }
  ASSERT_LT(waiting.size(), 10U) << "the queue is not full, so this would prove nothing";
  EXPECT_EQ(error_of(200ms), kTimeout);
}

TEST_F(ClientTest, ASilentServerIsLeftAtTheDeadline) {
  auto const listener = listen_unix(socket, 5);
  ASSERT_TRUE(listener);
  EXPECT_EQ(error_of(200ms), kTimeout);
}

}  // namespace
}  // namespace bh::admin
