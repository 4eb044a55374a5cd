// The validation layer at its limits (gui.md 5).
#include "gui-daemon/protocol/checked_message.h"

#include <gtest/gtest.h>

#include "gui-daemon/protocol/from_agent.h"
#include "gui-daemon/protocol/window_memory.h"

namespace bh::gui {
namespace {

constexpr std::uint64_t kMemory = 1 << 20;

Result<checked::Message, Reject> check_raw(MessageType type, Bytes body, std::optional<std::uint64_t> memory = kMemory) {
  return checked::check(RawMessage{type, WindowId(1), std::move(body)}, {memory});
}
template <class T>
Result<checked::Message, Reject> check(T const& message, std::optional<std::uint64_t> memory = kMemory) {
  auto const bytes = from_agent::encode(WindowId(1), message);
  MessageStream stream(Direction::to_daemon);
  EXPECT_TRUE(stream.append(bytes).ok());
  auto const raw = stream.next();
  EXPECT_TRUE(raw.ok() && raw->has_value());
  return checked::check(**raw, {memory});
}
Reject kill(ProtocolError reason) { return {Severity::kill, reason}; }
Reject refuse(ProtocolError reason) { return {Severity::refuse, reason}; }

TEST(Checked, CreateClampsWhatIsTooLargeAndRefusesWhatIsNegative) {
  auto const message = std::get<checked::Create>(*check(from_agent::Create{-20000, 7000, 16385, 6145}));
  EXPECT_EQ(message.position, Position::of(-16384, 6144));
  EXPECT_EQ(message.extent, Extent::of(16384, 6144));
  EXPECT_EQ(std::get<checked::Create>(*check(from_agent::Create{0, 0, 0, 0})).extent, Extent::of(1, 1));
  EXPECT_EQ(check(from_agent::Create{0, 0, 0x80000000u, 1}).error(), refuse(ProtocolError::bad_extent));
  EXPECT_EQ(check(from_agent::Create{0, 0, 1, 0xFFFFFFFFu}).error(), refuse(ProtocolError::bad_extent));
}

TEST(Checked, ConfigureClampsAndRefusesZero) {
  EXPECT_EQ(std::get<checked::Configure>(*check(from_agent::Configure{0, 0, 0x80000000u, 0xFFFFFFFFu})).extent, Extent::of(16384, 6144));
  EXPECT_EQ(check(from_agent::Configure{0, 0, 0, 5}).error(), refuse(ProtocolError::bad_extent));
}

TEST(Checked, DamageIsIgnoredIfNegativeAndClippedToTheImage) {
  EXPECT_EQ(check(from_agent::Damage{-1, 0, 1, 1}).error(), (Reject{Severity::ignore, ProtocolError::bad_damage}));
  EXPECT_EQ(check(from_agent::Damage{0, 0, 0x80000000u, 1}).error().severity, Severity::ignore);
  auto const claim = std::get<checked::Damage>(*check(from_agent::Damage{10, 20, 0x7FFFFFFFu, 0x7FFFFFFFu})).claim;
  EXPECT_EQ(claim.clipped(Extent::of(100, 50)), (Area{10, 20, 90, 30}));
  EXPECT_EQ(claim.clipped(Extent::of(10, 50)), std::nullopt);
  auto const empty = std::get<checked::Damage>(*check(from_agent::Damage{0, 0, 0, 5})).claim;
  EXPECT_EQ(empty.clipped(Extent::of(10, 50)), std::nullopt);
}

TEST(Checked, MemoryDumpFitsToTheLastByteOrEndsTheConnection) {
  // 256 * 255 * 4 bytes = 255 pages
  EXPECT_TRUE(check(from_agent::MemoryDump{256, 255, kMemory - 255 * 1024 - 1024}).ok());
  EXPECT_TRUE(check(from_agent::MemoryDump{256, 1024, 0}).ok());
  EXPECT_EQ(check(from_agent::MemoryDump{256, 1025, 0}).error(), kill(ProtocolError::outside_memory));
  EXPECT_EQ(check(from_agent::MemoryDump{256, 1024, 4096}).error(), kill(ProtocolError::outside_memory));
  EXPECT_EQ(check(from_agent::MemoryDump{1, 1, 1}).error(), kill(ProtocolError::bad_offset));
  EXPECT_EQ(check(from_agent::MemoryDump{1, 1, ~std::uint64_t{4095}}).error(), kill(ProtocolError::outside_memory));
  EXPECT_EQ(check(from_agent::MemoryDump{1, 1, kMemory}).error(), kill(ProtocolError::outside_memory));
  EXPECT_EQ(check(from_agent::MemoryDump{0, 1, 0}).error(), kill(ProtocolError::bad_extent));
  EXPECT_EQ(check(from_agent::MemoryDump{16385, 1, 0}).error(), kill(ProtocolError::bad_extent));
  EXPECT_EQ(check(from_agent::MemoryDump{1, 6145, 0}).error(), kill(ProtocolError::bad_extent));
  EXPECT_EQ(check(from_agent::MemoryDump{1, 1, 0}, std::nullopt).error(), kill(ProtocolError::no_window_memory));
}

TEST(Checked, MemoryDumpHasOneStrideAndOneFormat) {
  auto const body = [](std::uint32_t type, std::uint32_t stride, std::uint32_t format) {
    ByteWriter out;
    out.u32_le(type).u32_le(10).u32_le(10).u32_le(24).u64_le(0).u32_le(stride).u32_le(format);
    return std::move(out).take();
  };
  auto const dump = MessageType::window_dump;
  EXPECT_TRUE(check_raw(dump, body(kMemoryDumpType, 40, kFormatXrgb8888)).ok());
  EXPECT_EQ(check_raw(dump, body(kMemoryDumpType, 44, kFormatXrgb8888)).error(), kill(ProtocolError::bad_stride));
  EXPECT_EQ(check_raw(dump, body(kMemoryDumpType, 40, kFormatXrgb8888 + 1)).error(), kill(ProtocolError::bad_format));
  EXPECT_EQ(check_raw(dump, body(1, 40, kFormatXrgb8888)).error(), kill(ProtocolError::bad_dump_type));
  auto longer = body(kMemoryDumpType, 40, kFormatXrgb8888);
  longer.resize(36);
  EXPECT_EQ(check_raw(dump, longer).error(), kill(ProtocolError::bad_length));
}

TEST(Checked, GrantDumpNeedsEnoughConsecutivePages) {
  auto const dump = [](std::uint32_t width, std::uint32_t height, std::uint32_t first, std::uint32_t count) {
    from_agent::GrantDump message{width, height, {}};
    for (std::uint32_t i = 0; i < count; ++i) message.grants.push_back(first + i);
    return message;
  };
  auto const good = std::get<checked::GrantDump>(*check(dump(32, 32, 500, 1)));
  EXPECT_EQ(good.first, 500u);
  EXPECT_EQ(good.count, 1u);
  EXPECT_TRUE(check(dump(16384, 6144, 1, kMaxGrants)).ok());
  EXPECT_EQ(check(dump(33, 32, 500, 1)).error(), kill(ProtocolError::bad_grants));
  EXPECT_EQ(check(dump(1, 1, 500, 0)).error(), kill(ProtocolError::bad_grants));
  EXPECT_EQ(check(from_agent::GrantDump{40, 40, {7, 9}}).error(), kill(ProtocolError::bad_grants));
  EXPECT_EQ(check_raw(MessageType::mfn_dump, Bytes(32)).error(), kill(ProtocolError::mfn_refused));
}

TEST(Checked, FlagsCursorAndHints) {
  EXPECT_EQ(check(from_agent::WindowFlags{1, 1}).error(), refuse(ProtocolError::contradicting_flags));
  auto const flags = std::get<checked::WindowFlags>(*check(from_agent::WindowFlags{0xFFFFFFF8u | 4, 3}));
  EXPECT_EQ(flags.set, 4u);
  EXPECT_EQ(flags.unset, 3u);
  EXPECT_EQ(std::get<checked::WindowFlags>(*check(from_agent::WindowFlags{0, 7})).unset, 3u);
  EXPECT_EQ(std::get<checked::Cursor>(*check(from_agent::Cursor{0})).glyph, std::nullopt);
  EXPECT_EQ(std::get<checked::Cursor>(*check(from_agent::Cursor{0x198})).glyph, 152);
  EXPECT_EQ(std::get<checked::Cursor>(*check(from_agent::Cursor{0x199})).glyph, std::nullopt);
  for (std::uint32_t const bad : {1u, 0xFFu, 0x19Au, 0xFFFFFFFFu}) EXPECT_EQ(check(from_agent::Cursor{bad}).error(), refuse(ProtocolError::bad_cursor));
  auto const hints = std::get<checked::WindowHints>(*check(from_agent::WindowHints{0xFFFFFFFF, 10, 10, 5, 20, 0, 1, 16384, 6144}));
  EXPECT_FALSE(hints.min || hints.max);   // min above max: the pair goes
  EXPECT_FALSE(hints.increment);          // zero
  ASSERT_TRUE(hints.base);
  EXPECT_EQ(hints.position_flags, 5u);
  EXPECT_FALSE(std::get<checked::WindowHints>(*check(from_agent::WindowHints{kHintMaxSize, 0, 0, 16385, 20})).max);
}

TEST(Checked, TextIsPrintableAsciiUpToTheFirstNul) {
  auto const text = [](std::string_view raw) { return SanitizedText::from_wire(as_bytes(raw)).text(); };
  EXPECT_EQ(text(std::string_view("abc\0def\0", 8)), "abc");
  EXPECT_EQ(text("abc"), "ab");  // the last byte counts as the missing terminator
  EXPECT_EQ(text(std::string_view("\x1b[31m\xE2\x80\xAE\x7f~ \0", 12)), "_[31m____~ ");
  EXPECT_EQ(text(std::string_view("long\xE2\x80\xA6\0", 8)), "long...");
  EXPECT_EQ(text(""), "");
  auto const name = std::get<checked::WindowClass>(*check(from_agent::WindowClass{"Class", "name"}));
  EXPECT_EQ(name.res_class.text(), "Class");
  EXPECT_EQ(name.res_name.text(), "name");
}

}  // namespace
}  // namespace bh::gui
