#include "base/service_notice.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/temp_dir.h"
#include "base/unique_fd.h"

namespace bh {
namespace {

TEST(ServiceNotice, ReachesTheSocketWithOneDatagram) {
  TempDir const folder = *TempDir::create("bh-notice");
  std::string const path = (folder.path() / "n").string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  UniqueFd const receiver(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(receiver.borrow(), reinterpret_cast<sockaddr const*>(&address), sizeof address), 0);
  ASSERT_TRUE(notify_service_ready(path));
  std::array<char, 64> text{};
  ASSERT_EQ(::recv(receiver.borrow(), text.data(), text.size(), MSG_DONTWAIT), 7);
  EXPECT_STREQ(text.data(), "READY=1");
}

TEST(ServiceNotice, SaysWhenNobodyListensOrTheNameIsTooLong) {
  EXPECT_FALSE(notify_service_ready("/nonexistent/notify"));
  EXPECT_FALSE(notify_service_ready(""));
  auto const too_long = notify_service_ready("/" + std::string(200, 'x'));
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().errno_value, ENAMETOOLONG);
}

}  // namespace
}  // namespace bh
