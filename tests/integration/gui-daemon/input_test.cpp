// Keys, buttons and the pointer on their way to the guest.
#include "tests/integration/gui-daemon/support/gui_test.h"

namespace bh::gui::test {
namespace {

using Input = GuiTest;
constexpr std::uint8_t kKeyA = 38, kKeyEnter = 36;

TEST_F(Input, KeyReachesTheAgentWithItsKeycode) {
  start_daemon();
  Seen const window = open_window(kWindow, 100, 100, 300, 200);
  desktop().focus(window.window);
  auto const focus = agent().hear<to_agent::Focus>(kWindow);
  ASSERT_TRUE(focus);
  EXPECT_TRUE(focus->second.gained);
  EXPECT_EQ(focus->second.mode, 0u);
  desktop().key(kKeyA, true);
  auto const press = agent().hear<to_agent::Key>(kWindow);
  ASSERT_TRUE(press);
  EXPECT_TRUE(press->second.pressed);
  EXPECT_EQ(press->second.keycode, kKeyA);
  desktop().key(kKeyA, false);
  auto const release = agent().hear<to_agent::Key>(kWindow);
  ASSERT_TRUE(release);
  EXPECT_FALSE(release->second.pressed);
}

TEST_F(Input, HeldKeyIsRepeatedByTheServerWithoutReleases) {
  start_daemon();
  Seen const window = open_window(kWindow, 100, 100, 300, 200);
  desktop().focus(window.window);
  ASSERT_TRUE(agent().hear<to_agent::Focus>(kWindow));
  desktop().key(kKeyA, true);
  ASSERT_TRUE(agent().hear<to_agent::Key>(kWindow));
  // The server repeats after 660 ms, then every 40 ms.
  for (int i = 0; i < 3; ++i) {
    auto const repeat = agent().hear<to_agent::Key>(kWindow);
    ASSERT_TRUE(repeat);
    EXPECT_TRUE(repeat->second.pressed);
    EXPECT_EQ(repeat->second.keycode, kKeyA);
  }
  desktop().key(kKeyA, false);
  auto after = agent().hear<to_agent::Key>(kWindow);
  while (after && after->second.pressed) after = agent().hear<to_agent::Key>(kWindow);
  ASSERT_TRUE(after) << "the release comes, and once";
  for (auto const& one : agent().drain(std::chrono::milliseconds(300))) EXPECT_FALSE(std::holds_alternative<to_agent::Key>(one.message));
}

TEST_F(Input, KeyHeldWhileItsWindowVanishesIsReleased) {
  start_daemon();
  Seen const window = open_window(kWindow, 100, 100, 300, 200);
  desktop().focus(window.window);
  ASSERT_TRUE(agent().hear<to_agent::Focus>(kWindow));
  desktop().key(kKeyA, true);
  auto const press = agent().hear<to_agent::Key>(kWindow);
  ASSERT_TRUE(press && press->second.pressed);
  agent().say(kWindow, from_agent::Unmap{});
  auto const release = agent().hear<to_agent::Key>(kWindow);
  ASSERT_TRUE(release);
  EXPECT_FALSE(release->second.pressed);
  auto const lost = agent().hear<to_agent::Focus>(kWindow);
  ASSERT_TRUE(lost);
  EXPECT_FALSE(lost->second.gained);
  desktop().key(kKeyA, false);
}

TEST_F(Input, ButtonsAndMotionAreRelativeToTheContent) {
  start_daemon();
  (void)open_window(kWindow, 100, 100, 300, 200);
  desktop().move_pointer(130, 150);
  auto const enter = agent().hear<to_agent::Crossing>(kWindow);
  ASSERT_TRUE(enter);
  EXPECT_TRUE(enter->second.entered);
  EXPECT_EQ(enter->second.x, 30);
  EXPECT_EQ(enter->second.y, 50);
  desktop().move_pointer(140, 155);
  auto motion = agent().hear<to_agent::Motion>(kWindow);
  // Entering may count as a motion too.
  if (motion && motion->second.x == 30) motion = agent().hear<to_agent::Motion>(kWindow);
  ASSERT_TRUE(motion);
  EXPECT_EQ(motion->second.x, 40);
  EXPECT_EQ(motion->second.y, 55);
  desktop().button(3, true);
  auto const press = agent().hear<to_agent::Button>(kWindow);
  ASSERT_TRUE(press);
  EXPECT_TRUE(press->second.pressed);
  EXPECT_EQ(press->second.button, 3u);
  EXPECT_EQ(press->second.x, 40);
  desktop().button(3, false);
  desktop().move_pointer(10, 10);
  auto const leave = agent().hear<to_agent::Crossing>(kWindow);
  ASSERT_TRUE(leave);
  EXPECT_FALSE(leave->second.entered);
}

TEST_F(Input, PopupCoordinatesCountFromTheGuestsOwnCorner) {
  start_daemon();
  (void)open_window(kWindow, 300, 300, 100, 100, true);
  desktop().move_pointer(320, 330);
  auto const enter = agent().hear<to_agent::Crossing>(kWindow);
  ASSERT_TRUE(enter);
  EXPECT_EQ(enter->second.x, 20);
  EXPECT_EQ(enter->second.y, 30);
}

TEST_F(Input, ClicksOnTheFrameAreNotTheGuests) {
  start_daemon();
  Seen const window = open_window(kWindow, 100, 100, 300, 200);
  desktop().move_pointer(window.x + 60, window.y + 12);
  desktop().button(1, true);
  desktop().button(1, false);
  desktop().move_pointer(window.x + 1, window.y + 100);
  desktop().button(1, true);
  desktop().button(1, false);
  for (auto const& one : agent().drain(std::chrono::milliseconds(300))) EXPECT_FALSE(std::holds_alternative<to_agent::Button>(one.message));
}

TEST_F(Input, KeyHeldBeforeTheFocusCameIsNotTyped) {
  start_daemon();
  Seen const window = open_window(kWindow, 100, 100, 300, 200);
  desktop().focus(XCB_NONE);
  desktop().key(kKeyEnter, true);
  desktop().focus(window.window);
  ASSERT_TRUE(agent().hear<to_agent::Focus>(kWindow));
  for (auto const& one : agent().drain(std::chrono::milliseconds(1200))) EXPECT_FALSE(std::holds_alternative<to_agent::Key>(one.message));
  desktop().key(kKeyEnter, false);
}

TEST_F(Input, KeymapNamesComeFirstAndAgainWhenTheyChange) {
  desktop().set_root_text("_XKB_RULES_NAMES", std::string("evdev\0pc105\0de\0nodeadkeys\0ctrl:nocaps\0", 38));
  start_daemon();
  auto const names = agent().hear<to_agent::KeymapNames>();
  ASSERT_TRUE(names);
  EXPECT_EQ(names->second.layout, "de");
  EXPECT_EQ(names->second.variant, "nodeadkeys");
  EXPECT_EQ(names->second.options, "ctrl:nocaps");
  desktop().set_root_text("_XKB_RULES_NAMES", std::string("evdev\0pc105\0us\0\0\0", 17));
  auto const again = agent().hear<to_agent::KeymapNames>();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->second.layout, "us");
}

}  // namespace
}  // namespace bh::gui::test
