// R01, R03, R13, R16, R17, R19, R20 on the pure parts: what went wrong before must be impossible here, whatever a guest says.
#include <gtest/gtest.h>

#include <random>
#include <type_traits>

#include "gui-daemon/daemon/core/keyboard.h"
#include "gui-daemon/daemon/core/label.h"
#include "tests/unit/gui-daemon/support/driven_session.h"

namespace bh::gui::test {
namespace {

constexpr std::uint32_t kEdges[] = {0, 1, 6144, 6145, 16384, 16385, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};

TEST(R01_HugeSizes, NoGeometryMessageYieldsAnExtentOrAreaBeyondTheLimits) {
  for (std::uint32_t const w : kEdges) {
    for (std::uint32_t const h : kEdges) {
      auto const x = static_cast<std::int32_t>(h), y = static_cast<std::int32_t>(w);
      for (auto const& message : {from_agent::Message(from_agent::Create{x, y, w, h}), from_agent::Message(from_agent::Configure{x, y, w, h}),
                                  from_agent::Message(from_agent::Damage{x, y, w, h}), from_agent::Message(from_agent::MemoryDump{w, h, 0}),
                                  from_agent::Message(from_agent::GrantDump{w, h, {1, 2, 3}})}) {
        MessageStream stream(Direction::to_daemon);
        ASSERT_TRUE(stream.append(from_agent::encode(WindowId(1), message)).ok());
        auto const raw = stream.next();
        ASSERT_TRUE(raw.ok());
        constexpr std::uint64_t kMemory = std::uint64_t{64} << 20;
        auto const checked_message = checked::check(**raw, {kMemory});
        if (!checked_message) continue;
        if (auto const* const dump = std::get_if<checked::MemoryDump>(&*checked_message)) {
          EXPECT_EQ(dump->extent.bytes(), std::uint64_t{w} * h * 4);
          EXPECT_LE(dump->offset + dump->extent.bytes(), kMemory);
        } else if (auto const* const grants = std::get_if<checked::GrantDump>(&*checked_message)) {
          EXPECT_LE(std::uint64_t{w} * h * 4, std::uint64_t{grants->count} * kPageSize);
        } else if (auto const* const damage = std::get_if<checked::Damage>(&*checked_message)) {
          auto const area = damage->claim.clipped(Extent::of(300, 200));
          EXPECT_TRUE(!area || (area->x + area->width <= 300 && area->y + area->height <= 200 && area->width > 0 && area->height > 0));
        } else if (auto const* const create = std::get_if<checked::Create>(&*checked_message)) {
          EXPECT_LE(create->extent.width(), kMaxWidth);
          EXPECT_LE(create->extent.height(), kMaxHeight);
        } else {
          EXPECT_LE(std::get<checked::Configure>(*checked_message).extent.bytes(), std::uint64_t{kMaxWidth} * kMaxHeight * 4);
        }
      }
    }
  }
}

TEST(R03_FixedFields, NothingButZeroesFollowsAShortText) {
  auto const name = from_agent::encode(WindowId(1), from_agent::WindowName{"ab"});
  ASSERT_EQ(name.size(), 12u + 128u);
  for (std::size_t i = 14; i < name.size(); ++i) EXPECT_EQ(name[i], std::byte{0});
  auto const group = from_agent::encode(WindowId(1), from_agent::WindowClass{"C", std::string(100, 'n')});
  ASSERT_EQ(group.size(), 12u + 128u);
  for (std::size_t i = 13; i < 12 + 64; ++i) EXPECT_EQ(group[i], std::byte{0});
  EXPECT_EQ(group.back(), std::byte{0});  // an over-long text keeps its terminator
}

TEST(R13_OneFrameOwner, AnySequenceLeavesEveryMappedWindowWithExactlyOneFrame) {
  std::mt19937 random(20160213);
  std::size_t accepted = 0, kills = 0;
  for (int session_number = 0; session_number < 40; ++session_number) {
    Bytes bytes(20'000);
    for (auto& byte : bytes) byte = static_cast<std::byte>(random());
    ByteReader reader(bytes);
    DrivenSession session;
    while (session.step(reader)) continue;  // asserts after each step
    accepted += session.accepted;
    kills += session.kills;
  }
  // The sequences were not all nonsense.
  EXPECT_GT(accepted, 5'000u);
  EXPECT_GT(kills, 100u);
}

struct FrameFlag : ::testing::Test {
  RecordingScreen screen;
  RecordingAgent agent;
  WindowModel model{screen, agent, true};
  void open(bool popup) {
    ASSERT_TRUE(model.handle(WindowId(1), checked::Create{Position::of(0, 40), Extent::of(100, 100), popup}).ok());
    ASSERT_TRUE(model.handle(WindowId(1), checked::Map{kNoWindow, popup}).ok());
  }
};
using R16_FlagAfterMap = FrameFlag;
using R17_MovedAfterTheCheck = FrameFlag;

TEST_F(R16_FlagAfterMap, IsIgnored) {
  open(false);
  EXPECT_FALSE(model.handle(WindowId(1), checked::Map{kNoWindow, true}).ok());
  EXPECT_EQ(screen.shown.at(WindowId(1)).frame, FrameKind::titled);
}

TEST_F(R16_FlagAfterMap, DockOfAMappedWindowIsRefused) {
  open(true);
  auto const result = model.handle(WindowId(1), checked::Dock{});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().severity, Severity::refuse);
  EXPECT_EQ(screen.shown.at(WindowId(1)).frame, FrameKind::popup);
}

TEST_F(R17_MovedAfterTheCheck, PopupIsBroughtBackWhoeverMovedIt) {
  open(true);
  std::mt19937 random(73);
  std::uniform_int_distribution<std::int32_t> offset(-3000, 3000);
  for (int i = 0; i < 1000; ++i) {
    Geometry const moved{Position::of(offset(random), offset(random)), Extent::of(100, 100)};
    model.local_geometry(WindowId(1), moved);
    Geometry const expected = fit_popup(moved, screen.area);
    if (moved != expected) {
      EXPECT_EQ(screen.shown.at(WindowId(1)).geometry, expected);
    }
    model.local_geometry(WindowId(1), expected);
  }
}

TEST(R19_LabelIsNotOptional, NoLabelCanBeMadeWithoutAQube) {
  static_assert(!std::is_default_constructible_v<Label>);
  static_assert(!std::is_default_constructible_v<DomainName>);
  EXPECT_FALSE(DomainName::parse("").ok());
}

TEST(R20_HeldKey, IsReleasedTheMomentTheFocusGoes) {
  RecordingAgent agent;
  Keyboard keyboard(agent);
  keyboard.focus_gained(WindowId(1), 3, KeyMap{});
  keyboard.key(WindowId(1), {true, 0, 0, 0, 36});
  keyboard.key(WindowId(1), {true, 0, 0, 0, 50});
  agent.sent.clear();
  keyboard.focus_lost(WindowId(1), 3);
  ASSERT_EQ(agent.sent.size(), 3u);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_FALSE(std::get<to_agent::Key>(agent.sent[i].second).pressed);
  EXPECT_FALSE(std::get<to_agent::Focus>(agent.sent[2].second).gained);
  // Still held when the focus comes back: a repeat of it is no press.
  KeyMap held{};
  held[36 / 8] = 1 << (36 % 8);
  keyboard.focus_gained(WindowId(1), 3, held);
  agent.sent.clear();
  keyboard.key(WindowId(1), {true, 0, 0, 0, 36});
  EXPECT_TRUE(agent.sent.empty());
}

}  // namespace
}  // namespace bh::gui::test
