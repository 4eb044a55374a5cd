// The window model without X11: life cycle, geometry handshake, buffers, flow control.
#include <gtest/gtest.h>

#include "tests/unit/gui-daemon/support/recorder.h"

namespace bh::gui::test {
namespace {

constexpr WindowId kA{1}, kB{2};

struct WindowModelTest : ::testing::Test {
  RecordingScreen screen;
  RecordingAgent agent;
  WindowModel model{screen, agent, true};

  bool say(WindowId id, checked::Message const& message) { return model.handle(id, message).ok(); }
  void open(WindowId id, std::uint32_t width = 100, std::uint32_t height = 50, bool popup = false) {
    ASSERT_TRUE(say(id, checked::Create{Position::of(10, 40), Extent::of(width, height), popup}));
    ASSERT_TRUE(say(id, checked::Map{kNoWindow, popup}));
  }
  static checked::Damage damage(std::uint32_t x, std::uint32_t y, std::uint32_t width, std::uint32_t height) {
    return {*DamageClaim::parse(Untrusted(Area{x, y, width, height}))};
  }
  static checked::MemoryDump dump(std::uint64_t offset, std::uint32_t width = 100, std::uint32_t height = 50) {
    return {Extent::of(width, height), offset};
  }
  void finish_copy() {
    ASSERT_FALSE(screen.in_flight.empty());
    WindowId const id = screen.in_flight.front();
    screen.in_flight.erase(screen.in_flight.begin());
    model.painted(id);
  }
  void expect_killed(WindowId id, checked::Message const& message, ProtocolError reason) {
    auto const result = model.handle(id, message);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error(), (Reject{Severity::kill, reason}));
  }
};

TEST_F(WindowModelTest, UnknownAndDuplicateWindowsEndTheConnection) {
  expect_killed(kA, checked::Map{}, ProtocolError::unknown_window);
  open(kA);
  expect_killed(kA, checked::Create{Position::of(0, 0), Extent::of(1, 1), false}, ProtocolError::duplicate_window);
  ASSERT_TRUE(say(kA, checked::Destroy{}));
  EXPECT_EQ(agent.count<to_agent::Destroy>(), 1u);
  expect_killed(kA, checked::Destroy{}, ProtocolError::unknown_window);
}

TEST_F(WindowModelTest, FiveHundredWindowsAndNotOneMore) {
  for (std::uint32_t i = 0; i < kMaxWindows; ++i) ASSERT_TRUE(say(WindowId(i), checked::Create{Position::of(0, 0), Extent::of(1, 1), false}));
  expect_killed(WindowId(9999), checked::Create{Position::of(0, 0), Extent::of(1, 1), false}, ProtocolError::too_many_windows);
}

TEST_F(WindowModelTest, BufferBytesOfAQubeAreCapped) {
  std::uint32_t const fitting = static_cast<std::uint32_t>(kMaxQubeBytes / Extent::of(16384, 6144).bytes());
  for (std::uint32_t i = 0; i <= fitting; ++i) ASSERT_TRUE(say(WindowId(i), checked::Create{Position::of(0, 0), Extent::of(1, 1), false}));
  for (std::uint32_t i = 0; i < fitting; ++i) ASSERT_TRUE(say(WindowId(i), dump(0, 16384, 6144)));
  ASSERT_TRUE(say(WindowId(0), dump(4096, 16384, 6144)));  // replaced, not added
  expect_killed(WindowId(fitting), dump(0, 16384, 6144), ProtocolError::too_many_bytes);
}

TEST_F(WindowModelTest, EveryDumpIsAcknowledgedOnce) {
  open(kA);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(say(kA, dump(static_cast<std::uint64_t>(i) * 4096 * 100)));
  EXPECT_EQ(agent.count<to_agent::WindowDumpAck>(), 5u);
  EXPECT_EQ(agent.count<to_agent::BufferRelease>(), 4u);
}

TEST_F(WindowModelTest, SliceIsReleasedOnlyAfterTheLastCopyOutOfIt) {
  open(kA);
  ASSERT_TRUE(say(kA, dump(0)));
  ASSERT_TRUE(say(kA, damage(0, 0, 100, 50)));
  ASSERT_TRUE(say(kA, dump(409600)));
  EXPECT_EQ(agent.count<to_agent::BufferRelease>(), 0u);
  finish_copy();
  EXPECT_EQ(agent.last<to_agent::BufferRelease>().offset, 0u);
  EXPECT_EQ(agent.count<to_agent::FrameDone>(), 1u);
  // The same offset again is no replacement.
  ASSERT_TRUE(say(kA, dump(409600)));
  EXPECT_EQ(agent.count<to_agent::BufferRelease>(), 1u);
}

TEST_F(WindowModelTest, SliceThatComesBackDuringItsCopyIsNotReleased) {
  open(kA);
  ASSERT_TRUE(say(kA, dump(0)));
  ASSERT_TRUE(say(kA, damage(0, 0, 100, 50)));
  ASSERT_TRUE(say(kA, dump(409600)));
  ASSERT_TRUE(say(kA, dump(0)));
  finish_copy();
  ASSERT_EQ(agent.count<to_agent::BufferRelease>(), 1u);
  EXPECT_EQ(agent.last<to_agent::BufferRelease>().offset, 409600u);
}

TEST_F(WindowModelTest, DestroyIsAnsweredAfterTheCopyAndTheRelease) {
  open(kA);
  ASSERT_TRUE(say(kA, dump(0)));
  ASSERT_TRUE(say(kA, damage(0, 0, 100, 50)));
  ASSERT_TRUE(say(kA, checked::Destroy{}));
  EXPECT_TRUE(screen.shown.empty());
  EXPECT_EQ(agent.count<to_agent::Destroy>(), 0u);
  expect_killed(kA, checked::Create{Position::of(0, 0), Extent::of(1, 1), false}, ProtocolError::duplicate_window);
  finish_copy();
  ASSERT_GE(agent.sent.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<to_agent::BufferRelease>(agent.sent[agent.sent.size() - 2].second));
  EXPECT_TRUE(std::holds_alternative<to_agent::Destroy>(agent.sent.back().second));
  EXPECT_TRUE(model.windows().empty());
  EXPECT_EQ(model.buffer_bytes(), 0u);
}

TEST_F(WindowModelTest, DamageIsClippedUnitedAndAnsweredOnce) {
  open(kA);
  ASSERT_TRUE(say(kA, dump(0)));
  ASSERT_TRUE(say(kA, damage(90, 40, 1000, 1000)));
  ASSERT_TRUE(say(kA, damage(0, 0, 5, 5)));
  ASSERT_TRUE(say(kA, damage(10, 10, 5, 5)));
  finish_copy();
  EXPECT_EQ(agent.count<to_agent::FrameDone>(), 0u);
  finish_copy();
  EXPECT_EQ(screen.drawn, (std::vector<Area>{{90, 40, 10, 10}, {0, 0, 15, 15}}));
  EXPECT_EQ(agent.count<to_agent::FrameDone>(), 1u);
}

TEST_F(WindowModelTest, InvisibleDamageGetsItsFrameDoneToo) {
  ASSERT_TRUE(say(kA, checked::Create{Position::of(0, 0), Extent::of(10, 10), false}));
  ASSERT_TRUE(say(kA, damage(0, 0, 5, 5)));  // not mapped, no buffer
  EXPECT_EQ(agent.count<to_agent::FrameDone>(), 1u);
  ASSERT_TRUE(say(kA, checked::Map{}));
  ASSERT_TRUE(say(kA, dump(0, 10, 10)));
  ASSERT_TRUE(say(kA, damage(500, 500, 5, 5)));  // outside
  EXPECT_EQ(agent.count<to_agent::FrameDone>(), 2u);
}

TEST_F(WindowModelTest, MoreThanSixtyFourUnansweredDamagesEndTheConnection) {
  open(kA);
  ASSERT_TRUE(say(kA, dump(0)));
  for (std::uint32_t i = 0; i <= kMaxUnansweredDamage; ++i) ASSERT_TRUE(say(kA, damage(0, 0, 5, 5)));
  expect_killed(kA, damage(0, 0, 5, 5), ProtocolError::damage_flood);
}

TEST_F(WindowModelTest, NewBufferIsNotShownBeforeItsDamage) {
  open(kA);
  ASSERT_TRUE(say(kA, dump(0)));
  model.exposed(kA, {0, 0, 100, 50});
  EXPECT_TRUE(screen.drawn.empty());
  ASSERT_TRUE(say(kA, damage(0, 0, 1, 1)));
  EXPECT_EQ(screen.drawn, (std::vector<Area>{{0, 0, 100, 50}}));
}

TEST_F(WindowModelTest, UserWinsAgainstAStaleAnswer) {
  open(kA);
  model.local_geometry(kA, {Position::of(10, 40), Extent::of(200, 50)});
  EXPECT_EQ(agent.last<to_agent::Configure>().width, 200u);
  model.local_geometry(kA, {Position::of(10, 40), Extent::of(300, 50)});
  EXPECT_EQ(agent.count<to_agent::Configure>(), 1u);  // one question at a time
  ASSERT_TRUE(say(kA, checked::Configure{Position::of(10, 40), Extent::of(200, 50)}));
  EXPECT_EQ(agent.last<to_agent::Configure>().width, 300u);
  ASSERT_TRUE(say(kA, checked::Configure{Position::of(10, 40), Extent::of(300, 50)}));
  EXPECT_EQ(agent.count<to_agent::Configure>(), 2u);
  EXPECT_EQ(model.windows().at(kA).geometry.extent, Extent::of(300, 50));
}

TEST_F(WindowModelTest, SizeThatWasDeclinedIsNotAskedForEver) {
  open(kA);
  Geometry const ours{Position::of(10, 40), Extent::of(200, 50)};
  model.local_geometry(kA, ours);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(say(kA, checked::Configure{Position::of(10, 40), Extent::of(100, 50)}));
  EXPECT_EQ(screen.shown.at(kA).geometry.extent, Extent::of(100, 50));
  std::size_t const asked = agent.count<to_agent::Configure>();
  model.local_geometry(kA, ours);  // the window manager insists
  EXPECT_EQ(agent.count<to_agent::Configure>(), asked);
}

TEST_F(WindowModelTest, TransientForResolvesToAShownWindowOnly) {
  open(kA);
  ASSERT_TRUE(say(kB, checked::Create{Position::of(0, 0), Extent::of(10, 10), false}));
  ASSERT_TRUE(say(kB, checked::Map{WindowId(77), false}));
  EXPECT_EQ(screen.last_transient, kNoWindow);
  ASSERT_TRUE(say(kB, checked::Unmap{}));
  ASSERT_TRUE(say(kB, checked::Map{kA, false}));
  EXPECT_EQ(screen.last_transient, kA);
}

TEST_F(WindowModelTest, LocalFlagsAreReportedAsChanges) {
  open(kA);
  model.local_flags(kA, kFlagMinimize);
  EXPECT_EQ(agent.last<to_agent::WindowFlags>().set, kFlagMinimize);
  model.local_flags(kA, kFlagFullscreen);
  EXPECT_EQ(agent.last<to_agent::WindowFlags>().set, kFlagFullscreen);
  EXPECT_EQ(agent.last<to_agent::WindowFlags>().unset, kFlagMinimize);
  model.local_flags(kA, kFlagFullscreen);
  EXPECT_EQ(agent.count<to_agent::WindowFlags>(), 2u);
}

TEST_F(WindowModelTest, ClipboardThatNobodyAskedForIsDropped) {
  auto const result = model.handle(kNoWindow, checked::ClipboardData{});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error(), (Reject{Severity::ignore, ProtocolError::not_requested}));
}

TEST_F(WindowModelTest, TitledWindowThatWasToBeAPopupKeepsRoomForItsTitle) {
  open(kA, 1000, 800, true);  // too large for a popup
  ASSERT_EQ(screen.shown.at(kA).frame, FrameKind::titled);
  ASSERT_TRUE(say(kA, checked::Configure{Position::of(0, 0), Extent::of(100, 50)}));
  ASSERT_TRUE(say(kA, checked::Configure{Position::of(0, 0), Extent::of(100, 50)}));
  Shown const& now = screen.shown.at(kA);
  EXPECT_EQ(now.frame, FrameKind::titled);
  EXPECT_EQ(fit_titled(now.geometry, screen.area), now.geometry);
}

TEST_F(WindowModelTest, HintsCannotDemandMoreThanTheScreen) {
  open(kA);
  checked::WindowHints greedy;
  greedy.min = greedy.base = checked::SizeRange{kMaxWidth, kMaxHeight};
  ASSERT_TRUE(say(kA, greedy));
  FrameInsets const frame = insets(FrameKind::titled);
  for (auto const& range : {screen.last_hints.min, screen.last_hints.base}) {
    ASSERT_TRUE(range);
    EXPECT_LE(range->width + frame.left + frame.right, screen.area.extent.width());
    EXPECT_LE(range->height + frame.top + frame.bottom, screen.area.extent.height());
  }
  ASSERT_TRUE(say(kA, checked::Unmap{}));
  ASSERT_TRUE(say(kA, checked::Map{}));
  EXPECT_LE(screen.last_hints.min->width, screen.area.extent.width());
}

TEST_F(WindowModelTest, DestroyedFrameBecomesCloseAndANewFrame) {
  open(kA);
  open(kB, 20, 20, true);
  model.frame_destroyed(kB);
  EXPECT_EQ(agent.sent.back().first, kB);
  EXPECT_EQ(agent.count<to_agent::Close>(), 1u);
  EXPECT_EQ(screen.shown.at(kB).frame, FrameKind::popup);
  EXPECT_EQ(screen.shown.size(), 2u);
  ASSERT_TRUE(say(kB, checked::Destroy{}));
  model.frame_destroyed(kB);  // the server was late
  EXPECT_EQ(agent.count<to_agent::Close>(), 1u);
  EXPECT_EQ(screen.shown.size(), 1u);
}

TEST_F(WindowModelTest, EndOfTheConnectionHidesAll) {
  open(kA);
  open(kB, 20, 20, true);
  model.close_all();
  EXPECT_TRUE(screen.shown.empty());
  EXPECT_TRUE(model.windows().empty());
}

}  // namespace
}  // namespace bh::gui::test
