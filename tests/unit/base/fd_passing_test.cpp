#include "base/fd_passing.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/posix_io.h"

namespace bh {
namespace {

TEST(FdPassing, DescriptorArrivesWithItsBytes) {
  auto pair = make_socket_pair();
  auto pipe = make_pipe();
  ASSERT_TRUE(pair.ok() && pipe.ok());
  EXPECT_EQ(send_with_fd(pair->first, as_bytes("take"), pipe->second).value_or(0), 4U);
  pipe->second.reset();
  std::array<std::byte, 16> buffer;
  auto received = receive_with_fd(pair->second, buffer);
  ASSERT_TRUE(received.ok() && received->attached.open());
  EXPECT_EQ(as_text(ByteSpan(buffer).first(received->count)), "take");
  ASSERT_TRUE(write_all(received->attached, as_bytes("x")).ok());
  EXPECT_EQ(read_some(pipe->first, buffer).value_or(0), 1U) << "the same pipe";
}

TEST(FdPassing, BytesWithoutADescriptorAreJustBytes) {
  auto pair = make_socket_pair();
  ASSERT_TRUE(pair.ok());
  ASSERT_TRUE(write_all(pair->first, as_bytes("plain")).ok());
  std::array<std::byte, 16> buffer;
  auto received = receive_with_fd(pair->second, buffer);
  ASSERT_TRUE(received.ok());
  EXPECT_FALSE(received->attached.open());
  EXPECT_EQ(received->count, 5U);
}

TEST(FdPassing, NothingGoesWithoutAByteOrToNobody) {
  auto pair = make_socket_pair();
  ASSERT_TRUE(pair.ok());
  EXPECT_FALSE(send_with_fd(pair->first, {}, pair->second).ok());
  pair->second.reset();
  auto const sent = send_with_fd(pair->first, as_bytes("x"), pair->first);
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().errno_value, EPIPE);
}

}  // namespace
}  // namespace bh
