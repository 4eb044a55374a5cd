// An agent that lies, floods, or falls silent: its windows go, the daemon stays and takes the next connection.
#include "gui-daemon/daemon/app/message_budget.h"
#include "tests/integration/gui-daemon/support/gui_test.h"

namespace bh::gui::test {
namespace {

using HostileAgent = GuiTest;

// After whatever the test did: cut off, windows gone, daemon alive, and a new connection works.
void expect_cut_and_reconnected(FakeAgent& agent, Desktop const& desktop) {
  EXPECT_TRUE(agent.cut_off());
  EXPECT_TRUE(eventually([&] { return desktop.windows().empty(); }));
  ASSERT_TRUE(agent.connect());
  agent.say(WindowId(1), from_agent::Create{50, 50, 100, 100});
  agent.say(WindowId(1), from_agent::Map{});
  EXPECT_TRUE(eventually([&] { return desktop.windows(WindowId(1)).size() == 1; }));
}

TEST_F(HostileAgent, GarbageClosesTheWindowsAndNothingElse) {
  start_daemon();
  (void)open_window(kWindow, 100, 100, 300, 200);
  Bytes garbage(5000, std::byte{0xA5});
  agent().say_raw(garbage);
  expect_cut_and_reconnected(agent(), desktop());
}

TEST_F(HostileAgent, WrongVersionIsCutOff) {
  start_daemon();
  agent().disconnect();
  ASSERT_TRUE(agent().connect_silently());
  agent().say_raw(encode_version({2, 8}));
  EXPECT_TRUE(agent().cut_off());
  ASSERT_TRUE(agent().connect());
  (void)open_window(kWindow, 100, 100, 300, 200);
}

TEST_F(HostileAgent, HalfAMessageStopsNoFrame) {
  start_daemon();
  Seen const window = open_window(kWindow, 100, 100, 300, 200);
  auto const whole = from_agent::encode(kWindow, from_agent::WindowName{"late"});
  agent().say_raw(ByteSpan(whole).first(40));
  // The daemon serves the screen meanwhile: cover and uncover the frame.
  desktop().configure(window.window, XCB_CONFIG_WINDOW_X, {300});
  EXPECT_TRUE(agent().hear<to_agent::Configure>(kWindow));
  EXPECT_TRUE(eventually([&] { return framed(desktop().windows(kWindow)[0], 4); }));
  agent().say_raw(ByteSpan(whole).subspan(40));
  EXPECT_TRUE(eventually([&] { return desktop().property(window.window, "WM_NAME") == "[work] late"; }));
}

TEST_F(HostileAgent, HalfAMessageThenSilenceIsCutOff) {
  start_daemon();
  (void)open_window(kWindow, 100, 100, 300, 200);
  auto const whole = from_agent::encode(kWindow, from_agent::WindowName{"never"});
  agent().say_raw(ByteSpan(whole).first(40));
  expect_cut_and_reconnected(agent(), desktop());
}

TEST_F(HostileAgent, SilenceInsteadOfAVersionIsCutOff) {
  start_daemon();
  agent().disconnect();
  ASSERT_TRUE(agent().connect_silently());
  EXPECT_TRUE(agent().cut_off());
  EXPECT_TRUE(daemon_running());
}

TEST_F(HostileAgent, BufferOutsideTheMemoryIsCutOff) {
  start_daemon();
  (void)open_window(kWindow, 100, 100, 300, 200);
  agent().say(kWindow, from_agent::MemoryDump{300, 200, kWindowMemory - 4096});
  expect_cut_and_reconnected(agent(), desktop());
}

TEST_F(HostileAgent, MfnDumpIsCutOff) {
  start_daemon();
  (void)open_window(kWindow, 100, 100, 300, 200);
  ByteWriter out;
  out.u32_le(135).u32_le(kWindow.value()).u32_le(32);
  for (int i = 0; i < 8; ++i) out.u32_le(1);
  agent().say_raw(out.view());
  expect_cut_and_reconnected(agent(), desktop());
}

TEST_F(HostileAgent, WindowFloodEndsAtTheLimit) {
  start_daemon();
  for (std::uint32_t id = 1; id <= 501; ++id) agent().say(WindowId(id), from_agent::Create{0, 0, 10, 10});
  expect_cut_and_reconnected(agent(), desktop());
}

TEST_F(HostileAgent, AgentThatNeverReadsIsCutOffBeforeItFillsOurMemory) {
  start_daemon();
  // Every DESTROY of a fresh window is answered; nobody reads the answers. 10 MB / 12 bytes is the end of the queue.
  Bytes batch;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    for (auto const& message : {from_agent::Message(from_agent::Create{}), from_agent::Message(from_agent::Destroy{})}) {
      auto const bytes = from_agent::encode(WindowId(i), message);
      batch.insert(batch.end(), bytes.begin(), bytes.end());
    }
  }
  bool cut = false;
  for (int round = 0; round < 700 && !cut; ++round) cut = !agent().try_say(batch);
  EXPECT_TRUE(cut);
  EXPECT_TRUE(daemon_running());
}

TEST_F(HostileAgent, FloodThatTheWindowManagerWouldHaveToBearIsSlowedDownNotCutOff) {
  start_daemon();
  Seen const window = open_window(kWindow, 100, 100, 300, 200);
  Bytes flood;
  constexpr int kMessages = 4000;
  for (int i = 0; i < kMessages; ++i) {
    auto const bytes = from_agent::encode(kWindow, from_agent::WindowName{"title " + std::to_string(i)});
    flood.insert(flood.end(), bytes.begin(), bytes.end());
  }
  auto const begun = Clock::now();
  ASSERT_TRUE(agent().try_say(flood));
  EXPECT_TRUE(eventually([&] { return desktop().property(window.window, "_NET_WM_NAME") == "[work] title " + std::to_string(kMessages - 1); }));
  // All of it arrives, and no faster than the budget fills.
  auto const least = std::chrono::duration<double>((kMessages - MessageBudget::kBurst) / MessageBudget::kPerSecond * 0.8);
  EXPECT_GE(Clock::now() - begun, least);
  // And the connection is as good as before.
  paint_window(kWindow, 0, 300, 200, kBlue);
  EXPECT_TRUE(daemon_running());
}

TEST_F(HostileAgent, EndOfTheStreamDuringAPauseIsNoticed) {
  start_daemon();
  (void)open_window(kWindow, 100, 100, 300, 200);
  Bytes flood;
  for (int i = 0; i < 2500; ++i) {
    auto const bytes = from_agent::encode(kWindow, from_agent::WindowFlags{});
    flood.insert(flood.end(), bytes.begin(), bytes.end());
  }
  ASSERT_TRUE(agent().try_say(flood));
  agent().disconnect();
  EXPECT_TRUE(gone(kWindow));
  EXPECT_TRUE(agent().connect());
  EXPECT_TRUE(daemon_running());
}

TEST_F(HostileAgent, DamageFloodIsUnitedAndThenCutOff) {
  start_daemon();
  (void)open_window(kWindow, 100, 100, 300, 200);
  agent().say(kWindow, from_agent::MemoryDump{300, 200, 0});
  Bytes flood;
  auto const one = from_agent::encode(kWindow, from_agent::Damage{0, 0, 300, 200});
  for (int i = 0; i < 100; ++i) flood.insert(flood.end(), one.begin(), one.end());
  agent().say_raw(flood);
  expect_cut_and_reconnected(agent(), desktop());
}

TEST_F(HostileAgent, EndOfStreamClosesTheWindowsAndReconnects) {
  start_daemon();
  (void)open_window(kWindow, 100, 100, 300, 200);
  agent().disconnect();
  EXPECT_TRUE(gone(kWindow));
  ASSERT_TRUE(agent().connect());
  (void)open_window(kWindow, 100, 100, 300, 200);
}

}  // namespace
}  // namespace bh::gui::test
