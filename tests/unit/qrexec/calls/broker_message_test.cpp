#include "qrexec/daemon/broker_message.h"

#include <gtest/gtest.h>

namespace bh::qrexec::broker {
namespace {

TriggerRequest request(std::string const& source, std::string const& target, std::string const& service) {
  auto const field = [](std::string const& text) { return text + '\0'; };
  std::string const source_field = field(source);
  std::string const target_field = field(target);
  return TriggerRequest{*Ident::parse("SOCKET5"), SourceName::sanitise(as_bytes(source_field)), TargetName::sanitise(as_bytes(target_field)),
                        *ServiceDescriptor::sanitise(service)};
}

Bytes bytes(std::string_view text) {
  auto const view = as_bytes(text);
  return {view.begin(), view.end()};
}

TEST(BrokerMessage, RequestsComeBack) {
  for (auto const& [source, target, service] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"", "", "qubes.Filecopy"}, {"work", "@dispvm:vault", "a.B+c_d"}, {std::string(63, 's'), std::string(63, 't'), std::string(kMaxServiceText, 'x')}}) {
    auto const order = decode_order(encode(request(source, target, service)));
    ASSERT_TRUE(order.has_value());
    auto const& back = std::get<TriggerRequest>(*order);
    EXPECT_EQ(back.ident.text(), "SOCKET5");
    EXPECT_EQ(back.source.text(), source);
    EXPECT_EQ(back.target.text(), target);
    EXPECT_EQ(back.service.text(), service);
  }
  auto const stop = decode_order(encode(StopWorker{0x12345678}));
  ASSERT_TRUE(stop.has_value());
  EXPECT_EQ(std::get<StopWorker>(*stop).worker, 0x12345678U);
}

// What a daemon never sends: names that its own check would have changed, too few or too many, too long.
TEST(BrokerMessage, WhatTheDaemonNeverSendsIsNoOrder) {
  using std::string_view_literals::operator""sv;
  for (std::string_view const text : {""sv, "\1"sv, "\1id\0\0target"sv, "\1id\0\0target\0a.B\0more"sv, "\1id\0\0tar get\0a.B"sv, "\1id\0\0target\0a/B"sv, "\1id\0\0target\0"sv,
                                      "\1i/d\0\0target\0a.B"sv, "\1id\0so/urce\0target\0a.B"sv, "\2"sv, "\2abc"sv, "\2abcde"sv, "\3abcd"sv, "\0id\0\0target\0a.B"sv}) {
    EXPECT_FALSE(decode_order(bytes(text)).has_value()) << testing::PrintToString(std::string(text));
  }
  EXPECT_TRUE(decode_order(bytes("\1id\0\0target\0a.B"sv)).has_value());
  EXPECT_FALSE(decode_order(bytes("\1id\0\0" + std::string(64, 't') + std::string("\0a.B", 4))).has_value());
  EXPECT_FALSE(decode_order(Bytes(kMaxOrder + 1, std::byte{1})).has_value());
}

TEST(BrokerMessage, EventsComeBackAndNothingElseDoes) {
  for (auto const kind : {Event::Kind::started, Event::Kind::not_started, Event::Kind::ended}) {
    EXPECT_EQ(decode_event(encode(Event{kind, 77})), (Event{kind, 77}));
  }
  EXPECT_FALSE(decode_event({}).has_value());
  EXPECT_FALSE(decode_event(Bytes(4, std::byte{1})).has_value());
  EXPECT_FALSE(decode_event(Bytes(6, std::byte{1})).has_value());
  EXPECT_FALSE(decode_event(Bytes{std::byte{0}, std::byte{1}, std::byte{0}, std::byte{0}, std::byte{0}}).has_value());
  EXPECT_FALSE(decode_event(Bytes{std::byte{4}, std::byte{1}, std::byte{0}, std::byte{0}, std::byte{0}}).has_value());
}

}  // namespace
}  // namespace bh::qrexec::broker
