#include "gui-daemon/agent/core/slice_allocator.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

namespace bh::gui_agent {
namespace {

constexpr std::uint64_t kPage = SliceAllocator::kPage;

TEST(SliceAllocator, GivesWholePagesFirstFit) {
  SliceAllocator memory(8 * kPage);
  EXPECT_EQ(memory.take(1), (Slice{0, kPage}));
  EXPECT_EQ(memory.take(kPage + 1), (Slice{kPage, 2 * kPage}));
  EXPECT_EQ(memory.take(kPage), (Slice{3 * kPage, kPage}));
  EXPECT_EQ(memory.free_bytes(), 4 * kPage);
}

TEST(SliceAllocator, TheRegionCanBeUsedToItsLastPageAndNoFurther) {
  SliceAllocator memory(4 * kPage + 100);
  EXPECT_FALSE(memory.take(4 * kPage + 1));
  auto const all = memory.take(4 * kPage);
  ASSERT_TRUE(all);
  EXPECT_FALSE(memory.take(1));
  memory.give_back(*all);
  EXPECT_TRUE(memory.take(4 * kPage));
}

TEST(SliceAllocator, RefusesNothingAndSizesThatWrap) {
  SliceAllocator memory(4 * kPage);
  EXPECT_FALSE(memory.take(0));
  EXPECT_FALSE(memory.take(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_FALSE(memory.take(std::numeric_limits<std::uint64_t>::max() - kPage));
  EXPECT_FALSE(SliceAllocator(kPage - 1).take(1));
}

TEST(SliceAllocator, NeighboursGivenBackInAnyOrderBecomeOneHole) {
  for (int order = 0; order < 6; ++order) {
    SliceAllocator memory(3 * kPage);
    std::vector<Slice> slices{*memory.take(1), *memory.take(1), *memory.take(1)};
    std::vector<std::vector<int>> const orders{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (int const i : orders[static_cast<std::size_t>(order)]) memory.give_back(slices[static_cast<std::size_t>(i)]);
    EXPECT_EQ(memory.take(3 * kPage), (Slice{0, 3 * kPage})) << "order " << order;
  }
}

TEST(SliceAllocator, SlicesNeverOverlapWhateverIsTakenAndGivenBack) {
  std::mt19937 random(7);
  SliceAllocator memory(256 * kPage);
  std::vector<Slice> held;
  for (int step = 0; step < 5000; ++step) {
    if (held.empty() || random() % 2 == 0) {
      if (auto const slice = memory.take(random() % (20 * kPage) + 1)) {
        EXPECT_EQ(slice->offset % kPage, 0U);
        EXPECT_LE(slice->offset + slice->size, 256 * kPage);
        for (Slice const& other : held) {
          EXPECT_TRUE(slice->offset + slice->size <= other.offset || other.offset + other.size <= slice->offset);
        }
        held.push_back(*slice);
      }
    } else {
      std::size_t const victim = random() % held.size();
      memory.give_back(held[victim]);
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(victim));
    }
  }
  for (Slice const& slice : held) memory.give_back(slice);
  EXPECT_EQ(memory.free_bytes(), 256 * kPage);
  EXPECT_TRUE(memory.take(256 * kPage)) << "holes were not merged";
}

TEST(SliceAllocatorDeathTest, GivingBackWhatWasNeverTakenIsABug) {
  SliceAllocator memory(4 * kPage);
  EXPECT_DEATH(memory.give_back({0, kPage}), "");
}

}  // namespace
}  // namespace bh::gui_agent
