#include "hypervisor/qemu/tsc_rate.h"

#include <gtest/gtest.h>

namespace bh::qemu {
namespace {

TEST(TscRate, MeasuresTheSameTwice) {
  auto const first = host_tsc_rate();
  if (!first) GTEST_SKIP() << "this host's TSC is not constant";
  auto const second = host_tsc_rate();
  ASSERT_TRUE(second.has_value());
  EXPECT_NEAR(first->value(), second->value(), first->value() * 0.001);
}

}  // namespace
}  // namespace bh::qemu
