#include <gtest/gtest.h>

#include <cmath>

#include "gui-daemon/daemon/core/keyboard.h"
#include "gui-daemon/daemon/core/label.h"
#include "tests/unit/gui-daemon/support/recorder.h"

namespace bh::gui::test {
namespace {

TEST(LabelColour, ParsesWhatDom0Says) {
  EXPECT_EQ(Colour::parse("0x3465a4")->rgb(), 0x3465a4u);
  EXPECT_EQ(Colour::parse("#CC0000")->rgb(), 0xcc0000u);
  for (auto const* const bad : {"", "0x", "3465a", "0x3465a4f", "0x3465g4", "red"}) EXPECT_FALSE(Colour::parse(bad)) << bad;
  EXPECT_EQ(label_index("blue"), 6u);
  EXPECT_EQ(label_index("8"), 8u);
  EXPECT_EQ(label_index("9"), 0u);
  EXPECT_EQ(label_index("mine"), 0u);
  EXPECT_EQ(label_colour(1)->rgb(), 0xcc0000u);
  EXPECT_FALSE(label_colour(0));
}

TEST(LabelColour, TitleCanBeReadOnEveryLabel) {
  // Contrast as WCAG 2 defines it; 3 is its limit for large or bold text.
  auto const luminance = [](Colour c) {
    auto const channel = [](std::uint8_t v) { double const s = v / 255.0; return s <= 0.03928 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4); };
    return 0.2126 * channel(c.red) + 0.7152 * channel(c.green) + 0.0722 * channel(c.blue);
  };
  for (std::uint32_t i = 1; i <= 8; ++i) {
    Colour const back = *label_colour(i);
    double const a = luminance(back), b = luminance(back.readable_text());
    EXPECT_GE((std::max(a, b) + 0.05) / (std::min(a, b) + 0.05), 3.0) << i;
  }
}

TEST(Keyboard, RepeatsGoToTheWindowOfThePressAndStrayReleasesNowhere) {
  RecordingAgent agent;
  Keyboard keyboard(agent);
  keyboard.focus_gained(WindowId(1), 3, KeyMap{});
  agent.sent.clear();
  keyboard.key(WindowId(1), {true, 0, 0, 0, 40});
  keyboard.key(WindowId(1), {true, 0, 0, 0, 40});
  keyboard.key(WindowId(2), {true, 0, 0, 0, 40});
  EXPECT_EQ(agent.count<to_agent::Key>(), 2u);
  keyboard.key(WindowId(1), {false, 0, 0, 0, 40});
  keyboard.key(WindowId(1), {false, 0, 0, 0, 40});
  EXPECT_EQ(agent.count<to_agent::Key>(), 3u);
}

TEST(Keyboard, PointerFocusDoesNotSwallowTheNextPress) {
  RecordingAgent agent;
  Keyboard keyboard(agent);
  keyboard.key(WindowId(1), {true, 0, 0, 0, 40});
  keyboard.release_all();        // the pointer left with the key down; it was let go elsewhere
  keyboard.resync(KeyMap{});     // and came back
  keyboard.key(WindowId(1), {true, 0, 0, 0, 40});
  EXPECT_EQ(agent.count<to_agent::Key>(), 3u);
  EXPECT_TRUE(agent.last<to_agent::Key>().pressed);
}

}  // namespace
}  // namespace bh::gui::test
