#include "gui-daemon/agent/core/damage.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace bh::gui_agent {
namespace {

bool covers(Damage const& damage, Point point) {
  for (Rect const& rect : damage.rects()) {
    if (rect.contains(point)) return true;
  }
  return false;
}

TEST(Damage, UnitesWhatTouchesAndKeepsApartWhatIsFar) {
  Damage damage;
  damage.add({0, 0, 10, 10});
  damage.add({10, 0, 10, 10});
  ASSERT_EQ(damage.rects().size(), 1U);
  EXPECT_EQ(damage.rects()[0], (Rect{0, 0, 20, 10}));
  damage.add({500, 500, 1, 1});
  EXPECT_EQ(damage.rects().size(), 2U);
  EXPECT_EQ(damage.bounds(), (Rect{0, 0, 501, 501}));
}

TEST(Damage, AnEmptyRectangleIsNone) {
  Damage damage;
  damage.add({5, 5, 0, 10});
  damage.add({5, 5, 10, -1});
  EXPECT_TRUE(damage.empty());
  EXPECT_TRUE(damage.bounds().empty());
}

TEST(Damage, NothingIsForgottenHoweverManyRectanglesCome) {
  std::mt19937 random(3);
  Damage damage;
  std::vector<Point> inside;
  for (int i = 0; i < 500; ++i) {
    Rect const rect{static_cast<int>(random() % 1000), static_cast<int>(random() % 1000), static_cast<int>(random() % 30 + 1),
                    static_cast<int>(random() % 30 + 1)};
    inside.push_back({rect.x + rect.width - 1, rect.y + rect.height - 1});
    inside.push_back({rect.x, rect.y});
    damage.add(rect);
    ASSERT_LE(damage.rects().size(), Damage::kMaxRects);
  }
  for (Point const point : inside) EXPECT_TRUE(covers(damage, point));
}

TEST(Damage, ClipDropsWhatIsOutside) {
  Damage damage;
  damage.add({-10, -10, 20, 20});
  damage.add({1000, 1000, 5, 5});
  damage.clip({0, 0, 100, 100});
  ASSERT_EQ(damage.rects().size(), 1U);
  EXPECT_EQ(damage.rects()[0], (Rect{0, 0, 10, 10}));
}

TEST(Rect, NumbersOfAClientAreClampedBeforeTheyCanWrap) {
  constexpr auto kMax = std::numeric_limits<std::int32_t>::max();
  constexpr auto kMin = std::numeric_limits<std::int32_t>::min();
  EXPECT_EQ(clamped_rect(0, 0, kMax, kMax), (Rect{0, 0, kFar, kFar}));
  Rect const all = clamped_rect(kMin, kMin, kMax, kMax);
  EXPECT_LE(all.x, all.right());
  EXPECT_TRUE(clamped_rect(kMax, kMax, kMax, kMax).empty());
  EXPECT_TRUE(clamped_rect(5, 5, kMin, 3).empty());
  EXPECT_EQ(clamped_rect(kFar - 1, 0, 10, 1), (Rect{kFar - 1, 0, 1, 1}));
}

}  // namespace
}  // namespace bh::gui_agent
