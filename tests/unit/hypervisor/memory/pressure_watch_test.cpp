#include "hypervisor/memory/pressure_watch.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "base/temp_dir.h"

namespace bh::memory {
namespace {

TEST(PressureWatch, TheKernelTakesTheRequestAndIsQuietOnAQuietHost) {
  auto const watch = watch_memory_pressure();
  if (!watch) GTEST_SKIP() << "this kernel lets us not watch memory pressure, so that it does is not shown: " << watch.error().message;
  pollfd entry{watch->borrow(), POLLPRI, 0};
  ASSERT_GE(::poll(&entry, 1, 0), 0);
  EXPECT_EQ(entry.revents & (POLLERR | POLLNVAL), 0);
}

TEST(PressureWatch, AHostWithoutPsiIsSaid) {
  auto const temp = TempDir::create("bh-psi");
  ASSERT_TRUE(temp.ok());
  auto const watch = watch_memory_pressure(temp->path() / "none");
  ASSERT_FALSE(watch.ok());
  EXPECT_EQ(watch.error().errno_value, ENOENT);
}

}  // namespace
}  // namespace bh::memory
