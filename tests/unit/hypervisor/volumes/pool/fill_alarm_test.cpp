// Warnings of a pool that fills up: early, once, and again when it matters.
#include "hypervisor/volumes/pool/fill_alarm.h"

#include <gtest/gtest.h>

namespace bh::volumes {
namespace {

PoolUsage full(std::uint64_t percent) { return {ByteCount(1000), ByteCount(percent * 10), std::nullopt, std::nullopt}; }

TEST(FillAlarm, WarnsOnceForEachThreshold) {
  FillAlarm alarm;
  EXPECT_EQ(alarm.look(full(50)), std::nullopt);
  EXPECT_EQ(alarm.look(full(90)), 90);
  EXPECT_EQ(alarm.look(full(91)), std::nullopt);
  EXPECT_EQ(alarm.look(full(96)), 95);
  EXPECT_EQ(alarm.look(full(100)), 99);
  EXPECT_EQ(alarm.look(full(100)), std::nullopt);
}

TEST(FillAlarm, JumpsAreToldAsTheHighest) { EXPECT_EQ(FillAlarm().look(full(97)), 95); }

TEST(FillAlarm, WarnsAgainOnlyAfterRelief) {
  FillAlarm alarm;
  EXPECT_EQ(alarm.look(full(90)), 90);
  EXPECT_EQ(alarm.look(full(89)), std::nullopt);
  EXPECT_EQ(alarm.look(full(90)), std::nullopt) << "it breathes around the threshold";
  EXPECT_EQ(alarm.look(full(85)), std::nullopt);
  EXPECT_EQ(alarm.look(full(90)), 90);
}

TEST(FillAlarm, MetadataCountsLikeData) {
  PoolUsage usage = full(10);
  usage.metadata_size = ByteCount(100);
  usage.metadata_used = ByteCount(95);
  EXPECT_EQ(percent_full(usage), 95);
  EXPECT_EQ(FillAlarm().look(usage), 95);
}

TEST(FillAlarm, APoolWithoutSizeIsFull) { EXPECT_EQ(percent_full({ByteCount(0), ByteCount(0), std::nullopt, std::nullopt}), 100); }

}  // namespace
}  // namespace bh::volumes
