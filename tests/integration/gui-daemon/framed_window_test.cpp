// Frames, content and geometry as a person sees them.
#include <cstring>

#include "tests/integration/gui-daemon/support/gui_test.h"

namespace bh::gui::test {
namespace {

using FramedWindow = GuiTest;
constexpr std::uint32_t kRed = 0xAA1122, kGreen = 0x11AA33;

TEST_F(FramedWindow, HasTheLabelColourOnFourSidesBeforeAndAfterGuestPixels) {
  start_daemon();
  Seen const window = open_window(kWindow, 100, 100, 300, 200);
  EXPECT_EQ(window.width, 308u);
  EXPECT_EQ(window.height, 200u + 4 + 24 + 4);
  ASSERT_TRUE(eventually([&] { return framed(window, 4); }));
  paint_window(kWindow, 0, 300, 200, kRed);
  ASSERT_TRUE(eventually([&] { return desktop().look().at(250, 200) == kRed; }));
  EXPECT_TRUE(framed(window, 4));
  auto const found = frames();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].width, 308u);
  EXPECT_EQ(found[0].height, 232u);
}

TEST_F(FramedWindow, CarriesTheQubesPropertiesAndASanitizedTitle) {
  start_daemon();
  agent().say(kWindow, from_agent::Create{10, 10, 200, 100});
  agent().say(kWindow, from_agent::WindowName{"a\x1b]0;dom0\xE2\x80\xAEx"});
  agent().say(kWindow, from_agent::WindowClass{"Term", "xterm"});
  agent().say(kWindow, from_agent::Map{});
  std::vector<Seen> seen;
  ASSERT_TRUE(eventually([&] { return (seen = desktop().windows(kWindow)).size() == 1; }));
  EXPECT_EQ(desktop().property(seen[0].window, "_NET_WM_NAME"), "[work] a_]0;dom0___x");
  EXPECT_EQ(desktop().property(seen[0].window, "WM_NAME"), "[work] a_]0;dom0___x");
  EXPECT_EQ(desktop().property(seen[0].window, "_QUBES_VMNAME"), "work");
  EXPECT_EQ(desktop().property(seen[0].window, "_QUBES_LABEL"), "\x06");
  EXPECT_EQ(desktop().property(seen[0].window, "WM_CLASS"), std::string("work:xterm\0work:Term\0", 21));
  std::uint32_t colour = 0;
  auto const raw = desktop().property(seen[0].window, "_QUBES_LABEL_COLOR");
  ASSERT_EQ(raw.size(), 4u);
  std::memcpy(&colour, raw.data(), 4);
  EXPECT_EQ(colour, kBlue);
  agent().say(kWindow, from_agent::WindowName{"new"});
  EXPECT_TRUE(eventually([&] { return desktop().property(seen[0].window, "_NET_WM_NAME") == "[work] new"; }));
}

TEST_F(FramedWindow, DamageShowsItsRectangleAndNothingElse) {
  start_daemon();
  (void)open_window(kWindow, 100, 100, 200, 100);
  paint_window(kWindow, 8192, 200, 100, kRed);
  // All of the buffer changes, a part of it is named.
  agent().fill(8192, 200, 0, 0, 200, 100, kGreen);
  agent().say(kWindow, from_agent::Damage{50, 20, 30, 10});
  ASSERT_TRUE(agent().hear<to_agent::FrameDone>(kWindow));
  auto const image = desktop().look();
  EXPECT_EQ(image.at(150, 120), kGreen);
  EXPECT_EQ(image.at(179, 129), kGreen);
  EXPECT_EQ(image.at(149, 120), kRed);
  EXPECT_EQ(image.at(180, 129), kRed);
  EXPECT_EQ(image.at(179, 130), kRed);
}

TEST_F(FramedWindow, SecondBufferReleasesTheFirst) {
  start_daemon();
  (void)open_window(kWindow, 100, 100, 200, 100);
  paint_window(kWindow, 0, 200, 100, kRed);
  agent().fill(1 << 20, 200, 0, 0, 200, 100, kGreen);
  agent().say(kWindow, from_agent::MemoryDump{200, 100, 1 << 20});
  agent().say(kWindow, from_agent::Damage{0, 0, 200, 100});
  auto const released = agent().hear<to_agent::BufferRelease>(kWindow);
  ASSERT_TRUE(released);
  EXPECT_EQ(released->second.offset, 0u);
  ASSERT_TRUE(agent().hear<to_agent::FrameDone>(kWindow));
  EXPECT_EQ(desktop().look().at(150, 150), kGreen);
  agent().say(kWindow, from_agent::Unmap{});
  auto const second = agent().hear<to_agent::BufferRelease>(kWindow);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->second.offset, std::uint64_t{1} << 20);
  agent().say(kWindow, from_agent::Destroy{});
  EXPECT_TRUE(agent().hear<to_agent::Destroy>(kWindow));
  EXPECT_TRUE(gone(kWindow));
}

TEST_F(FramedWindow, ExposedPartsComeBackWithoutTheGuest) {
  start_daemon();
  (void)open_window(kWindow, 100, 100, 200, 100);
  paint_window(kWindow, 0, 200, 100, kRed);
  WindowId const cover{77};
  Seen const over = open_window(cover, 150, 120, 200, 200);
  ASSERT_TRUE(eventually([&] { return framed(over, 4); }));
  agent().say(cover, from_agent::Unmap{});
  ASSERT_TRUE(gone(cover));
  EXPECT_TRUE(eventually([&] {
    auto const image = desktop().look();
    return image.at(160, 130) == kRed && image.at(250, 180) == kRed;
  }));
}

TEST_F(FramedWindow, PopupIsFramedInsideAndKeptOnTheScreen) {
  start_daemon();
  Seen const popup = open_window(kWindow, 950, 700, 200, 150, true);
  EXPECT_TRUE(popup.override_redirect);
  EXPECT_EQ(popup.x, 1024 - 200);
  EXPECT_EQ(popup.y, 768 - 150);
  EXPECT_EQ(popup.width, 200u);
  auto const told = agent().hear<to_agent::Configure>(kWindow);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->second.x, 1024 - 200);
  paint_window(kWindow, 0, 200, 150, kRed);
  ASSERT_TRUE(eventually([&] { return desktop().look().at(900, 700) == kRed; }));
  EXPECT_TRUE(framed(popup, 2));
  EXPECT_EQ(desktop().look().at(static_cast<std::uint32_t>(popup.x) + 2, static_cast<std::uint32_t>(popup.y) + 2), kRed);
}

TEST_F(FramedWindow, PopupAboveNinetyPercentBecomesAManagedWindow) {
  start_daemon();
  Seen const large = open_window(kWindow, 0, 0, 1024, 700, true);
  EXPECT_FALSE(large.override_redirect);
  EXPECT_TRUE(eventually([&] { return framed(large, 4); }));
  WindowId const second{9};
  Seen const popup = open_window(second, 0, 0, 400, 300, true);
  EXPECT_TRUE(popup.override_redirect);
  agent().say(second, from_agent::Configure{0, 0, 1020, 760});
  EXPECT_TRUE(eventually([&] {
    auto const now = desktop().windows(second);
    return now.size() == 1 && !now[0].override_redirect && now[0].viewable;
  }));
}

TEST_F(FramedWindow, ResizeByTheUserMakesARoundTrip) {
  start_daemon();
  Seen const window = open_window(kWindow, 100, 100, 300, 200);
  paint_window(kWindow, 0, 300, 200, kRed);
  desktop().configure(window.window, XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT, {408, 332});
  auto const asked = agent().hear<to_agent::Configure>(kWindow);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->second.width, 400u);
  EXPECT_EQ(asked->second.height, 300u);
  agent().say(kWindow, from_agent::Configure{asked->second.x, asked->second.y, 400, 300});
  paint_window(kWindow, 1 << 20, 400, 300, kGreen);
  EXPECT_TRUE(eventually([&] { return desktop().look().at(495, 395) == kGreen; }));
  EXPECT_TRUE(framed(desktop().windows(kWindow)[0], 4));
}

TEST_F(FramedWindow, ResizeByTheGuestIsDoneAndNotQuestioned) {
  start_daemon();
  (void)open_window(kWindow, 100, 100, 300, 200);
  agent().say(kWindow, from_agent::Configure{100, 100, 350, 250});
  EXPECT_TRUE(eventually([&] { return desktop().windows(kWindow)[0].width == 358; }));
  EXPECT_TRUE(eventually([&] { return framed(desktop().windows(kWindow)[0], 4); }));
}

TEST_F(FramedWindow, GuestThatNeverTakesTheSizeIsBelievedAtTheSecondTime) {
  start_daemon();
  Seen const window = open_window(kWindow, 100, 100, 300, 200);
  desktop().configure(window.window, XCB_CONFIG_WINDOW_WIDTH, {508});
  for (int time = 0; time < 2; ++time) {
    auto const asked = agent().hear<to_agent::Configure>(kWindow);
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->second.width, 500u);
    agent().say(kWindow, from_agent::Configure{100, 100, 300, 200});
  }
  EXPECT_TRUE(eventually([&] { return desktop().windows(kWindow)[0].width == 308; }));
}

TEST_F(FramedWindow, HatchedFrameKeepsTheLabelColourOnItsRim) {
  start_daemon({"--hatched"});
  Seen const window = open_window(kWindow, 100, 100, 300, 200);
  paint_window(kWindow, 0, 300, 200, kRed);
  ASSERT_TRUE(eventually([&] { return framed(window, 2); }));
  EXPECT_EQ(frames().size(), 1u);
  // And is hatched: the rim three pixels deep is not of one colour.
  EXPECT_TRUE(eventually([&] { return !framed(window, 4); }));
}

TEST_F(FramedWindow, FrameDestroyedByAnotherClientAsksTheGuestToCloseAndHarmsNobody) {
  start_daemon();
  WindowId const other{77};
  Seen const beside = open_window(other, 500, 400, 200, 100);
  Seen const window = open_window(kWindow, 100, 100, 300, 200);
  paint_window(kWindow, 0, 300, 200, kRed);
  desktop().destroy(window.window);
  EXPECT_TRUE(agent().hear<to_agent::Close>(kWindow));
  // A guest that goes on shows again, with its pixels and a whole frame.
  EXPECT_TRUE(eventually([&] {
    auto const now = desktop().windows(kWindow);
    return now.size() == 1 && now[0].viewable && now[0].window != window.window && framed(now[0], 4) && desktop().look().at(250, 200) == kRed;
  }));
  EXPECT_TRUE(framed(beside, 4));
  agent().say(kWindow, from_agent::Destroy{});
  EXPECT_TRUE(agent().hear<to_agent::Destroy>(kWindow));
  EXPECT_TRUE(gone(kWindow));
  EXPECT_TRUE(framed(beside, 4));
}

TEST_F(FramedWindow, TitledWindowCannotShrinkItsTitleOffTheScreen) {
  start_daemon();
  Seen const large = open_window(kWindow, 0, 0, 1024, 768, true);
  EXPECT_FALSE(large.override_redirect);
  // The first answers our own wish, the second is a wish of the guest's.
  for (int i = 0; i < 3; ++i) agent().say(kWindow, from_agent::Configure{0, 0, 200, 100, true});
  std::vector<Seen> now;
  EXPECT_TRUE(eventually([&] { return (now = desktop().windows(kWindow)).size() == 1 && now[0].width == 208; }));
  EXPECT_GE(now[0].x, 0);
  EXPECT_GE(now[0].y, 0);
  EXPECT_TRUE(eventually([&] { return framed(now[0], 4); }));
}

TEST_F(FramedWindow, CloseComesFromTheWindowManagerAndFromTheButton) {
  start_daemon();
  Seen const window = open_window(kWindow, 100, 100, 300, 200);
  desktop().send_delete(window.window);
  EXPECT_TRUE(agent().hear<to_agent::Close>(kWindow));
  desktop().move_pointer(window.x + static_cast<std::int32_t>(window.width) - 4 - 13, window.y + 14);
  desktop().button(1, true);
  desktop().button(1, false);
  EXPECT_TRUE(agent().hear<to_agent::Close>(kWindow));
}

}  // namespace
}  // namespace bh::gui::test
