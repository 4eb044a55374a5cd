#include "hypervisor/network/wire.h"

#include <gtest/gtest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <vector>

namespace bh::network {
namespace {

TEST(Wire, CarriesWholeFramesAndSeesNoThirdSocket) {
  auto const one = make_wire();
  auto const other = make_wire();
  ASSERT_TRUE(one.ok() && other.ok());
  std::vector<char> const frame(1514, 'x');
  ASSERT_EQ(::send(one->client_end.borrow(), frame.data(), frame.size(), 0), 1514);
  ASSERT_EQ(::send(one->client_end.borrow(), "y", 1, 0), 1);
  std::array<char, 4096> buffer{};
  EXPECT_EQ(::recv(one->netvm_end.borrow(), buffer.data(), buffer.size(), 0), 1514) << "frames are not run together";
  EXPECT_EQ(::recv(one->netvm_end.borrow(), buffer.data(), buffer.size(), 0), 1);
  EXPECT_EQ(::recv(other->netvm_end.borrow(), buffer.data(), buffer.size(), 0), -1);
  EXPECT_EQ(errno, EAGAIN);
}

TEST(Wire, ItsEndsDoNotReachOtherProgramsUnasked) {
  auto const wire = make_wire();
  ASSERT_TRUE(wire.ok());
  for (auto const* end : {&wire->client_end, &wire->netvm_end}) EXPECT_EQ(::fcntl(end->borrow(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(Wire, AFullWireHoldsTheSenderBackAndKeepsLittle) {
  auto const wire = make_wire();
  ASSERT_TRUE(wire.ok());
  std::vector<char> const frame(1514, 'x');
  int frames = 0;
  while (::send(wire->client_end.borrow(), frame.data(), frame.size(), 0) > 0) ++frames;
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_LT(frames, 2000) << "what nobody reads costs the host a bounded amount of memory";
}

}  // namespace
}  // namespace bh::network
