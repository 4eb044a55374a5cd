// Frames: type and length are judged before a byte of the body is waited for (SECURITY R22, R23).
#include "qrexec/protocol/frame.h"

#include <gtest/gtest.h>

namespace bh::qrexec {
namespace {

Bytes header(std::uint32_t type, std::uint32_t length) {
  ByteWriter writer;
  writer.u32_le(type).u32_le(length);
  return std::move(writer).take();
}

FrameReader reader_of(Direction direction, std::uint32_t version) {
  FrameReader reader(direction);
  if (version != 0) reader.agree_on(version);
  return reader;
}

bool accepted(Direction direction, std::uint32_t version, MessageType type, std::size_t length) {
  return check_header(direction, version, static_cast<std::uint32_t>(type), static_cast<std::uint32_t>(length)).ok();
}

TEST(FrameReader, TakesFramesByteByByte) {
  auto reader = reader_of(Direction::service_to_caller, 4);
  Bytes const frame = encode_frame(MessageType::data_stdout, as_bytes("hello"));
  for (std::size_t i = 0; i + 1 < frame.size(); ++i) {
    reader.feed(ByteSpan(frame).subspan(i, 1));
    auto const next = reader.next();
    ASSERT_TRUE(next.ok());
    ASSERT_FALSE(next->has_value());
    EXPECT_TRUE(reader.in_frame());
  }
  reader.feed(ByteSpan(frame).last(1));
  auto const next = reader.next();
  ASSERT_TRUE(next.ok() && next->has_value());
  EXPECT_EQ(as_text((*next)->body), "hello");
  EXPECT_FALSE(reader.in_frame());
}

TEST(FrameReader, TakesManyFramesFromOneRead) {
  auto reader = reader_of(Direction::service_to_caller, 4);
  for (int round = 0; round < 50; ++round) {
    Bytes const frame = encode_frame(MessageType::data_stdout, Bytes(65536, std::byte{7}));
    reader.feed(frame);
    auto const next = reader.next();
    ASSERT_TRUE(next.ok() && next->has_value());
    EXPECT_EQ((*next)->body.size(), 65536U);
  }
}

TEST(FrameReader, RefusesALengthBeforeItsBytesCome) {
  auto reader = reader_of(Direction::caller_to_service, 4);
  reader.feed(header(0x190, 65537));
  EXPECT_EQ(reader.next().error(), FrameError::bad_length);
  EXPECT_EQ(reader.next().error(), FrameError::bad_length);
  auto huge = reader_of(Direction::agent_to_daemon, 4);
  huge.feed(header(0x213, 0xFFFFFFFF));
  EXPECT_EQ(huge.next().error(), FrameError::bad_length);
}

TEST(FrameReader, WantsHelloFirstAndOnce) {
  auto reader = reader_of(Direction::agent_to_daemon, 0);
  reader.feed(header(0x211, 8));
  EXPECT_EQ(reader.next().error(), FrameError::wrong_version);
  auto again = reader_of(Direction::agent_to_daemon, 4);
  again.feed(header(0x300, 4));
  EXPECT_EQ(again.next().error(), FrameError::wrong_version);
}

TEST(FrameRules, DataChunksFollowTheVersion) {
  using enum Direction;
  EXPECT_TRUE(accepted(caller_to_service, 2, MessageType::data_stdin, 4096));
  EXPECT_FALSE(accepted(caller_to_service, 2, MessageType::data_stdin, 4097));
  EXPECT_TRUE(accepted(caller_to_service, 3, MessageType::data_stdin, 65536));
  EXPECT_FALSE(accepted(caller_to_service, 3, MessageType::data_stdin, 65537));
  EXPECT_TRUE(accepted(service_to_caller, 4, MessageType::data_stderr, 0));
}

TEST(FrameRules, TriggersFollowTheVersion) {
  auto const type = Direction::agent_to_daemon;
  EXPECT_TRUE(accepted(type, 2, MessageType::trigger_service2, 128));
  EXPECT_FALSE(accepted(type, 3, MessageType::trigger_service2, 128));
  EXPECT_FALSE(accepted(type, 2, MessageType::trigger_service3, 100));
  EXPECT_FALSE(accepted(type, 3, MessageType::trigger_service4, 200));
  EXPECT_TRUE(accepted(type, 4, MessageType::trigger_service3, 100));
}

// R23: every length around the ends of the fixed part and of the whole.
TEST(FrameRules, TriggerLengthsAtTheirLimits) {
  auto const type = Direction::agent_to_daemon;
  for (std::size_t length = 0; length <= 160; ++length) {
    EXPECT_FALSE(accepted(type, 4, MessageType::trigger_service4, length)) << length;
  }
  for (std::size_t length = 0; length <= 96; ++length) {
    EXPECT_FALSE(accepted(type, 4, MessageType::trigger_service3, length)) << length;
  }
  EXPECT_TRUE(accepted(type, 4, MessageType::trigger_service4, 161));
  EXPECT_TRUE(accepted(type, 4, MessageType::trigger_service4, 160 + 65000));
  EXPECT_FALSE(accepted(type, 4, MessageType::trigger_service4, 160 + 65001));
  EXPECT_TRUE(accepted(type, 3, MessageType::trigger_service3, 96 + 65000));
  EXPECT_FALSE(accepted(type, 3, MessageType::trigger_service3, 96 + 65001));
}

TEST(FrameRules, NothingTravelsTheWrongWay) {
  using enum Direction;
  EXPECT_FALSE(accepted(agent_to_daemon, 4, MessageType::exec_cmdline, 20));
  EXPECT_FALSE(accepted(daemon_to_agent, 4, MessageType::trigger_service4, 200));
  EXPECT_FALSE(accepted(daemon_to_agent, 4, MessageType::connection_terminated, 8));
  EXPECT_FALSE(accepted(client_to_daemon, 3, MessageType::service_refused, 32));
  EXPECT_FALSE(accepted(caller_to_service, 4, MessageType::exec_cmdline, 20));
  EXPECT_FALSE(accepted(caller_to_agent, 0, MessageType::trigger_service3, 100));
}

TEST(FrameRules, ClientMessagesAreNineTo65535) {
  using enum Direction;
  EXPECT_FALSE(accepted(client_to_daemon, 3, MessageType::exec_cmdline, 8));
  EXPECT_TRUE(accepted(client_to_daemon, 3, MessageType::exec_cmdline, 9));
  EXPECT_TRUE(accepted(client_to_daemon, 3, MessageType::just_exec, 65535));
  EXPECT_FALSE(accepted(client_to_daemon, 3, MessageType::exec_cmdline, 65536));
}

}  // namespace
}  // namespace bh::qrexec
