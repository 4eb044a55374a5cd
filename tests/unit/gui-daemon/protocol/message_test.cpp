// Codecs: bytes as the sheet has them, both ways, and streams in any portions.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "gui-daemon/protocol/from_agent.h"
#include "gui-daemon/protocol/handshake.h"
#include "gui-daemon/protocol/keymap_names.h"
#include "gui-daemon/protocol/limits.h"
#include "gui-daemon/protocol/message_stream.h"
#include "gui-daemon/protocol/to_agent.h"

namespace bh::gui {
namespace {

Bytes header(std::uint32_t type, std::uint32_t window, std::uint32_t length) {
  ByteWriter out;
  out.u32_le(type).u32_le(window).u32_le(length);
  return std::move(out).take();
}

template <class T>
T round_trip(to_agent::Message const& message) {
  MessageStream stream(Direction::to_agent);
  EXPECT_TRUE(stream.append(to_agent::encode(WindowId(7), message)).ok());
  auto raw = stream.next();
  EXPECT_TRUE(raw.ok() && raw->has_value());
  EXPECT_EQ((*raw)->window, WindowId(7));
  auto decoded = to_agent::decode(**raw);
  EXPECT_TRUE(decoded.ok());
  return std::get<T>(*decoded);
}

TEST(Messages, ConfigureHasTheBytesOfTheSheet) {
  auto const bytes = to_agent::encode(WindowId(0x01020304), to_agent::Configure{-1, 2, 3, 4, false});
  ByteReader in(bytes);
  for (std::uint32_t const expected : {134u, 0x01020304u, 20u, 0xFFFFFFFFu, 2u, 3u, 4u, 0u}) EXPECT_EQ(*in.u32_le(), expected);
  EXPECT_EQ(in.left(), 0u);
}

TEST(Messages, ToAgentComeBackAsTheyWere) {
  auto const key = round_trip<to_agent::Key>(to_agent::Key{true, -5, 6, 0x11, 38});
  EXPECT_TRUE(key.pressed);
  EXPECT_EQ(key.x, -5);
  EXPECT_EQ(key.keycode, 38u);
  EXPECT_FALSE(round_trip<to_agent::Button>(to_agent::Button{false, 1, 2, 3, 4}).pressed);
  EXPECT_EQ(round_trip<to_agent::Button>(to_agent::Button{false, 1, 2, 3, 4}).button, 4u);
  EXPECT_TRUE(round_trip<to_agent::Crossing>(to_agent::Crossing{true, 1, 2, 3, 0, 5, 1}).entered);
  EXPECT_EQ(round_trip<to_agent::Focus>(to_agent::Focus{true, 0, 3}).detail, 3u);
  EXPECT_EQ(round_trip<to_agent::Motion>(to_agent::Motion{9, 8, 7, 1}).is_hint, 1u);
  EXPECT_EQ(round_trip<to_agent::Map>(to_agent::Map{WindowId(9), true}).transient_for, WindowId(9));
  EXPECT_EQ(round_trip<to_agent::WindowFlags>(to_agent::WindowFlags{1, 4}).unset, 4u);
  EXPECT_EQ(round_trip<to_agent::BufferRelease>(to_agent::BufferRelease{0x123456789000}).offset, 0x123456789000u);
  to_agent::KeymapNotify keys;
  keys.keys[31] = 0x80;
  EXPECT_EQ(round_trip<to_agent::KeymapNotify>(keys).keys, keys.keys);
  EXPECT_EQ(round_trip<to_agent::KeymapNames>(to_agent::KeymapNames{"de", "", "a:b"}).options, "a:b");
  (void)round_trip<to_agent::FrameDone>(to_agent::FrameDone{});
  (void)round_trip<to_agent::Destroy>(to_agent::Destroy{});
  (void)round_trip<to_agent::WindowDumpAck>(to_agent::WindowDumpAck{});
  (void)round_trip<to_agent::Close>(to_agent::Close{});
}

TEST(Messages, WrongEventNumberIsRefused) {
  auto bytes = to_agent::encode(WindowId(7), to_agent::Key{true, 0, 0, 0, 38});
  bytes[12] = std::byte{4};
  MessageStream stream(Direction::to_agent);
  ASSERT_TRUE(stream.append(bytes).ok());
  EXPECT_FALSE(to_agent::decode(**stream.next()).ok());
}

TEST(Messages, StreamTakesAnyPortions) {
  Bytes all;
  for (std::uint32_t i = 0; i < 20; ++i) {
    auto const one = from_agent::encode(WindowId(i), from_agent::WindowName{std::string(i, 'x')});
    all.insert(all.end(), one.begin(), one.end());
  }
  for (std::size_t const portion : {std::size_t{1}, std::size_t{11}, std::size_t{13}, std::size_t{139}, std::size_t{1000}}) {
    MessageStream stream(Direction::to_daemon);
    std::uint32_t seen = 0;
    for (std::size_t at = 0; at < all.size(); at += portion) {
      ASSERT_TRUE(stream.append(ByteSpan(all).subspan(at, std::min(portion, all.size() - at))).ok());
      for (auto next = stream.next(); next->has_value(); next = stream.next()) EXPECT_EQ((*next)->window, WindowId(seen++));
    }
    EXPECT_EQ(seen, 20u);
    EXPECT_FALSE(stream.partial());
  }
}

TEST(Messages, LengthIsComparedBeforeTheBody) {
  for (auto const& [type, length] : {std::pair{130u, 23u}, {130u, 25u}, {130u, 0xFFFFFFFFu}, {131u, 1u}, {140u, kMaxClipboard + 1},
                                     {147u, 15u}, {147u, kMaxDumpBody + 1}, {135u, 27u}, {146u, 127u}}) {
    MessageStream stream(Direction::to_daemon);
    ASSERT_TRUE(stream.append(header(type, 1, length)).ok());
    auto const next = stream.next();
    ASSERT_FALSE(next.ok()) << type << ' ' << length;
    EXPECT_EQ(next.error(), ProtocolError::bad_length);
  }
  MessageStream stream(Direction::to_daemon);
  ASSERT_TRUE(stream.append(header(147, 1, kMaxDumpBody)).ok());
  EXPECT_TRUE(stream.next().ok());
}

TEST(Messages, DirectionIsPartOfTheType) {
  for (std::uint32_t const type : {124u, 125u, 126u, 127u, 128u, 137u, 139u, 142u, 149u, 0x42480101u, 0x42480102u, 0x42480103u, 129u, 138u, 150u, 0u}) {
    MessageStream stream(Direction::to_daemon);
    ASSERT_TRUE(stream.append(header(type, 1, 0)).ok());
    auto const next = stream.next();
    ASSERT_FALSE(next.ok()) << type;
    EXPECT_EQ(next.error(), ProtocolError::unknown_type);
  }
}

TEST(Messages, AgentSkipsWhatItDoesNotKnow) {
  MessageStream stream(Direction::to_agent);
  ASSERT_TRUE(stream.append(header(999, 1, 3)).ok());
  ASSERT_TRUE(stream.append(as_bytes("abc")).ok());
  ASSERT_TRUE(stream.append(to_agent::encode(WindowId(5), to_agent::Close{})).ok());
  auto const next = stream.next();
  ASSERT_TRUE(next.ok() && next->has_value());
  EXPECT_EQ((*next)->type, MessageType::close);
  MessageStream greedy(Direction::to_agent);
  ASSERT_TRUE(greedy.append(header(999, 1, kMaxSkippedBody + 1)).ok());
  EXPECT_FALSE(greedy.next().ok());
}

TEST(Messages, BufferIsCapped) {
  MessageStream stream(Direction::to_daemon);
  Bytes const megabyte(1 << 20, std::byte{0});
  ASSERT_TRUE(stream.append(megabyte).ok());
  EXPECT_FALSE(stream.append(megabyte).ok());
}

TEST(Handshake, NegotiatesTheLowerMinorOfTheSameMajor) {
  EXPECT_EQ(*negotiate({1, 8}), (Version{1, 8}));
  EXPECT_EQ(*negotiate({1, 900}), (Version{1, 8}));
  EXPECT_EQ(*negotiate({1, 7}), (Version{1, 7}));
  EXPECT_FALSE(negotiate({1, 6}).ok());
  EXPECT_FALSE(negotiate({2, 8}).ok());
  EXPECT_FALSE(negotiate({0, 8}).ok());
  EXPECT_TRUE(accept_negotiated({1, 7}).ok());
  EXPECT_FALSE(accept_negotiated({1, 9}).ok());
  EXPECT_EQ(as_text(encode_version({1, 8})), std::string_view("\x08\0\x01\0", 4));
  EXPECT_EQ(*decode_version(encode_version({1, 8})), (Version{1, 8}));
  EXPECT_FALSE(decode_version(as_bytes("abc")).ok());
  auto const info = ScreenInfo::of(1366, 768);
  EXPECT_EQ(info.width, 1368u);
  EXPECT_EQ(info.memory_kib, 1368u * 768 * 4 / 1024 + 1);
  EXPECT_EQ(decode_screen_info(encode_screen_info(info))->height, 768u);
}

TEST(KeymapNames, OnlyThreeShortPlainStrings) {
  EXPECT_TRUE(decode_keymap_names(as_bytes(std::string_view("us,de\0\0grp:x\0", 13))).ok());
  EXPECT_TRUE(decode_keymap_names(as_bytes(std::string_view("\0\0\0", 3))).ok());
  EXPECT_FALSE(decode_keymap_names(as_bytes(std::string_view("us\0\0", 4))).ok());
  EXPECT_FALSE(decode_keymap_names(as_bytes(std::string_view("us\0\0\0x", 6))).ok());
  EXPECT_FALSE(decode_keymap_names(as_bytes(std::string_view("../x\0\0\0", 7))).ok());
  EXPECT_FALSE(decode_keymap_names(as_bytes(std::string_view("u s\0\0\0", 6))).ok());
  std::string const longest = std::string(253, 'a') + std::string(3, '\0');
  EXPECT_TRUE(decode_keymap_names(as_bytes(longest)).ok());
  EXPECT_FALSE(decode_keymap_names(as_bytes("a" + longest)).ok());
}

}  // namespace
}  // namespace bh::gui
