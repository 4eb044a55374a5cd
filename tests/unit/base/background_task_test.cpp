#include "base/background_task.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/posix_io.h"

namespace bh {
namespace {

Deadline soon() { return Clock::now() + std::chrono::seconds(20); }

TEST(BackgroundTask, ResultIsThereOnceItIsReadable) {
  auto task = BackgroundTask::start([](std::stop_token const&) -> Result<std::uint64_t> { return 42; });
  ASSERT_TRUE(task.ok());
  ASSERT_TRUE(wait_for((*task)->pollable(), POLLIN, soon()).value_or(false));
  EXPECT_TRUE((*task)->done());
  EXPECT_EQ((*task)->take().value_or(0), 42U);
}

TEST(BackgroundTask, FailureTravels) {
  auto task = BackgroundTask::start([](std::stop_token const&) -> Result<std::uint64_t> { return Failure{Error{"no space", ENOSPC}}; });
  ASSERT_TRUE(task.ok() && wait_for((*task)->pollable(), POLLIN, soon()).value_or(false));
  auto const outcome = (*task)->take();
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().message, "no space");
}

TEST(BackgroundTask, OwnerThatGoesAwayStopsTheWork) {
  std::atomic<bool> stopped = false;
  {
    auto task = BackgroundTask::start([&](std::stop_token const& stop) -> Result<std::uint64_t> {
      while (!stop.stop_requested()) std::this_thread::yield();
      stopped = true;
      return 0;
    });
    ASSERT_TRUE(task.ok());
    EXPECT_FALSE((*task)->done());
  }
  EXPECT_TRUE(stopped);
}

}  // namespace
}  // namespace bh
