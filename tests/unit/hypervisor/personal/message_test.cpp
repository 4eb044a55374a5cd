#include "hypervisor/personal/message.h"

#include <gtest/gtest.h>

namespace bh::personal {
namespace {

constexpr std::uint64_t kNow = 1'800'000'000'000'000'000;

Orders orders(std::size_t entropy = kMinEntropy, std::uint64_t time = kNow) {
  return {Bytes(entropy, std::byte{0xA5}), time, *vchan::GuestConfig::parse("QUBE_DOMAIN=7\nVCHAN_DOMAIN=32751\nQUBE_NAME=work\n")};
}
OrdersError error_of(ByteSpan message) {
  OrdersReader reader;
  auto const read = reader.add(message);
  EXPECT_FALSE(read.ok());
  return read ? OrdersError::not_ours : read.error();
}

TEST(PersonalOrders, ReadBackInPiecesOfAnySize) {
  Bytes const message = encode(orders());
  for (std::size_t piece : {1U, 3U, 11U, 64U, 4096U}) {
    OrdersReader reader;
    std::optional<Orders> got;
    for (std::size_t at = 0; at < message.size(); at += piece) {
      ASSERT_FALSE(got);
      auto read = reader.add(ByteSpan(message).subspan(at, std::min(piece, message.size() - at)));
      ASSERT_TRUE(read.ok()) << to_string(read.error());
      got = *std::move(read);
    }
    ASSERT_TRUE(got);
    EXPECT_EQ(got->entropy, orders().entropy);
    EXPECT_EQ(got->time_ns, kNow);
    EXPECT_EQ(got->config.text(), orders().config.text());
  }
}

TEST(PersonalOrders, HoldTheirLimits) {
  OrdersReader reader;
  EXPECT_TRUE(reader.add(encode(orders(kMaxEntropy))));
  EXPECT_EQ(error_of(encode(orders(kMaxEntropy + 1))), OrdersError::bad_entropy);
  EXPECT_EQ(error_of(encode(orders(kMinEntropy - 1))), OrdersError::bad_entropy);
  EXPECT_EQ(error_of(encode(orders(kMinEntropy, 0))), OrdersError::bad_time);
  EXPECT_EQ(error_of(encode(orders(kMinEntropy, UINT64_MAX))), OrdersError::bad_time);
}

TEST(PersonalOrders, RefuseWhatIsNotWhole) {
  Bytes message = encode(orders());
  message.push_back(std::byte{0});
  EXPECT_EQ(error_of(message), OrdersError::bad_length);
  message = encode(orders());
  message[8] = std::byte{1};
  message[9] = std::byte{0};
  EXPECT_EQ(error_of(message), OrdersError::bad_length);
  message = encode(orders());
  message[11] = std::byte{0xFF};  // 4 GiB announced: refused before a byte of it is held
  EXPECT_EQ(error_of(ByteSpan(message).first(12)), OrdersError::bad_length);
  message = encode(orders());
  message[3] ^= std::byte{1};
  EXPECT_EQ(error_of(ByteSpan(message).first(4)), OrdersError::not_ours);
  message = encode(orders());
  message[20] = std::byte{0xFF};  // more entropy than the message holds
  message[21] = std::byte{0x00};
  EXPECT_EQ(error_of(message), OrdersError::bad_length);
  message = encode(orders());
  message.back() = std::byte{'$'};
  EXPECT_EQ(error_of(message), OrdersError::bad_config);
}

std::vector<std::string> replies(ByteSpan input, ReplyReader& reader, std::optional<ReplyError>& error) {
  std::vector<std::string> got;
  while (!error) {
    auto const reply = reader.next(input);
    if (!reply) {
      error = reply.error();
    } else if (!*reply) {
      break;
    } else if (auto const* failed = std::get_if<Failed>(&**reply)) {
      got.push_back("failed " + failed->text);
    } else {
      got.push_back(std::holds_alternative<Reseeded>(**reply) ? "reseeded" : "personalised");
    }
  }
  return got;
}
std::vector<std::string> replies(std::vector<Reply> const& said, std::optional<ReplyError>& error) {
  Bytes bytes;
  for (auto const& reply : said) {
    Bytes const one = encode(reply);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  ReplyReader reader;
  return replies(bytes, reader, error);
}

TEST(PersonalReplies, ComeInTheirOrder) {
  std::optional<ReplyError> error;
  EXPECT_EQ(replies({Reseeded{}, Personalised{}}, error), (std::vector<std::string>{"reseeded", "personalised"}));
  EXPECT_FALSE(error);
  EXPECT_EQ(replies({Reseeded{}, Failed{"no disk"}}, error), (std::vector<std::string>{"reseeded", "failed no disk"}));
  EXPECT_FALSE(error);
  EXPECT_EQ(replies({Failed{"x"}}, error), (std::vector<std::string>{"failed x"}));
  EXPECT_FALSE(error);
}

TEST(PersonalReplies, OutOfOrderAreRefused) {
  for (auto const& said : std::vector<std::vector<Reply>>{{Personalised{}},
                                                         {Reseeded{}, Reseeded{}},
                                                         {Reseeded{}, Personalised{}, Personalised{}},
                                                         {Reseeded{}, Personalised{}, Failed{"late"}},
                                                         {Failed{"x"}, Reseeded{}}}) {
    std::optional<ReplyError> error;
    replies(said, error);
    EXPECT_EQ(error, ReplyError::out_of_order);
  }
}

TEST(PersonalReplies, HoldTheirLimitsAndComeByteByByte) {
  std::optional<ReplyError> error;
  EXPECT_EQ(replies({Failed{std::string(1000, 'x')}}, error)[0].size(), kMaxFailureText + 7);
  ByteWriter long_text;
  long_text.u8(3).u16_le(kMaxFailureText + 1);
  ReplyReader reader;
  replies(long_text.view(), reader, error);
  EXPECT_EQ(error, ReplyError::bad_length);
  error.reset();
  ByteWriter reseeded_with_text;
  reseeded_with_text.u8(1).u16_le(1).u8('x');
  ReplyReader second;
  replies(reseeded_with_text.view(), second, error);
  EXPECT_EQ(error, ReplyError::bad_length);
  for (int const kind : {0, 4, 255}) {
    error.reset();
    ReplyReader fresh;
    replies(ByteWriter().u8(static_cast<std::uint8_t>(kind)).u16_le(0).view(), fresh, error);
    EXPECT_EQ(error, ReplyError::unknown_kind);
  }
  error.reset();
  ReplyReader slow;
  std::vector<std::string> got;
  Bytes bytes = encode(Reply(Reseeded{}));
  Bytes const end = encode(Reply(Failed{"a\x1b[2J\nb"}));
  bytes.insert(bytes.end(), end.begin(), end.end());
  for (auto const byte : bytes) {
    for (auto& one : replies(ByteSpan(&byte, 1), slow, error)) got.push_back(std::move(one));
  }
  EXPECT_EQ(got, (std::vector<std::string>{"reseeded", "failed a_[2J_b"}));
  EXPECT_TRUE(slow.ended());
}

TEST(PersonalReplies, WhatAHostileCloneSaysIsMadeFitToBeShown) {
  ByteWriter raw;
  raw.u8(3).u16_le(4).text("\x1b]0;");
  std::optional<ReplyError> error;
  ReplyReader reader;
  EXPECT_EQ(replies(raw.view(), reader, error), (std::vector<std::string>{"failed _]0;"}));
}

}  // namespace
}  // namespace bh::personal
