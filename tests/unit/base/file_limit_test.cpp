#include "base/file_limit.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace bh {
namespace {

TEST(FileLimit, RisesToWhatIsWantedOrAllowedAndNeverFalls) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 100;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(raise_file_limit(200), 200U);
  EXPECT_EQ(raise_file_limit(150), 200U);
  EXPECT_EQ(raise_file_limit(UINT64_MAX), before.rlim_max);
  rlimit now{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
  EXPECT_EQ(now.rlim_cur, before.rlim_max);
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace bh
