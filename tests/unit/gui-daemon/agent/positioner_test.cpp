#include "gui-daemon/agent/core/positioner.h"

#include <gtest/gtest.h>

namespace bh::gui_agent {
namespace {

constexpr Rect kScreen{0, 0, 1000, 800};

Positioner menu(Rect anchor_rect) {
  Positioner p;
  p.size = {100, 50};
  p.anchor_rect = anchor_rect;
  p.has_anchor_rect = true;
  p.anchor = Edge::bottom_left;
  p.gravity = Edge::bottom_right;
  return p;
}

TEST(Positioner, AnchorAndGravityDecideWhenThereIsRoom) {
  EXPECT_EQ(place_popup(menu({10, 20, 60, 30}), kScreen), (Rect{10, 50, 100, 50}));
  Positioner p = menu({10, 200, 60, 30});
  p.anchor = Edge::top_right;
  p.gravity = Edge::top_right;
  EXPECT_EQ(place_popup(p, kScreen), (Rect{70, 150, 100, 50}));
  p.anchor = p.gravity = Edge::none;
  EXPECT_EQ(place_popup(p, kScreen), (Rect{-10, 190, 100, 50})) << "centred";
}

TEST(Positioner, OffsetMovesThePopup) {
  Positioner p = menu({10, 20, 60, 30});
  p.offset = {7, -3};
  EXPECT_EQ(place_popup(p, kScreen), (Rect{17, 47, 100, 50}));
}

TEST(Positioner, FlipTurnsToTheOtherSideIfThatFits) {
  Positioner p = menu({10, 740, 60, 30});  // below it there are only 30 pixels
  p.adjust.flip_y = true;
  EXPECT_EQ(place_popup(p, kScreen), (Rect{10, 690, 100, 50}));
  // A flip that does not help is taken back.
  Rect const low{0, 0, 1000, 60};
  Positioner tight = menu({10, 20, 60, 30});
  tight.adjust.flip_y = true;
  EXPECT_EQ(place_popup(tight, low).y, 50);
}

TEST(Positioner, SlideKeepsItInSideAndPrefersTheTopLeft) {
  Positioner p = menu({950, 20, 60, 30});
  p.adjust.slide_x = true;
  EXPECT_EQ(place_popup(p, kScreen).x, 900);
  p.size.width = 2000;
  EXPECT_EQ(place_popup(p, kScreen).x, 0);
}

TEST(Positioner, ResizeCutsWhatIsOutside) {
  Positioner p = menu({950, 20, 60, 30});
  p.adjust.resize_x = true;
  EXPECT_EQ(place_popup(p, kScreen), (Rect{950, 50, 50, 50}));
  // Wholly outside there is nothing to cut to; a popup never becomes empty.
  p.anchor_rect.x = 5000;
  EXPECT_EQ(place_popup(p, kScreen).width, 100);
}

TEST(Positioner, WithoutLeaveToAdjustItStaysWhereTheClientWants) {
  EXPECT_EQ(place_popup(menu({950, 790, 60, 30}), kScreen), (Rect{950, 820, 100, 50}));
}

TEST(Positioner, TheScreenMayBeginLeftOfTheParent) {
  Positioner p = menu({-300, 20, 10, 10});
  p.adjust.slide_x = true;
  EXPECT_EQ(place_popup(p, kScreen.moved(-250, -100)).x, -250);
}

TEST(Positioner, IsIncompleteWithoutSizeOrAnchor) {
  EXPECT_FALSE(Positioner{}.complete());
  Positioner p = menu({0, 0, 0, 0});
  EXPECT_TRUE(p.complete());
  p.size = {};
  EXPECT_FALSE(p.complete());
}

}  // namespace
}  // namespace bh::gui_agent
