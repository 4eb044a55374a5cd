// The wire format of the Admin API: what is accepted, what is refused, and the limits themselves.
#include <gtest/gtest.h>

#include "dom0/client/event.h"
#include "dom0/client/listing.h"
#include "dom0/client/reply.h"
#include "dom0/client/request.h"

namespace bh::admin {
namespace {

using namespace std::string_literals;

std::string raw(Untrusted<std::string> const& text) {
  return text.checked([](std::string const& value) { return value; });
}

TEST(AdminRequest, ExampleOfTheSheetIsParsed) {
  auto const call = parse_call(as_bytes("admin.vm.property.Get+memory dom0 name work\0"s));
  ASSERT_TRUE(call);
  EXPECT_EQ(call->method, "admin.vm.property.Get");
  EXPECT_EQ(raw(call->argument), "memory");
  EXPECT_EQ(raw(call->source), "dom0");
  EXPECT_EQ(raw(call->destination), "work");
  EXPECT_EQ(raw(call->payload), "");
}

TEST(AdminRequest, PayloadMayHoldAnyByteAndArgumentAnyPlus) {
  auto const call = parse_call(as_bytes("m+a+b dom0 keyword adminvm\0x\0 y\n"s));
  ASSERT_TRUE(call);
  EXPECT_EQ(raw(call->argument), "a+b");
  EXPECT_EQ(raw(call->destination), "dom0");
  EXPECT_EQ(raw(call->payload), "x\0 y\n"s);
}

TEST(AdminRequest, BrokenFramesAreRefusedByName) {
  auto const error = [](std::string const& text) { return parse_call(as_bytes(text)).error(); };
  EXPECT_EQ(error(""), FrameError::no_header_end);
  EXPECT_EQ(error("m dom0 name work"), FrameError::no_header_end);
  EXPECT_EQ(error("m dom0 name\0"s), FrameError::too_few_words);
  EXPECT_EQ(error("m dom0 name \0"s), FrameError::too_few_words);
  EXPECT_EQ(error("m  name work\0"s), FrameError::too_few_words);
  EXPECT_EQ(error("m dom0 uuid work\0"s), FrameError::bad_destination_type);
  EXPECT_EQ(error("m dom0 keyword default\0"s), FrameError::bad_destination_type);
}

TEST(AdminRequest, LimitIsExact) {
  std::string text = "m dom0 name dom0\0"s;
  text.resize(kMaxRequest, 'x');
  EXPECT_TRUE(parse_call(as_bytes(text)));
  text += 'x';
  EXPECT_EQ(parse_call(as_bytes(text)).error(), FrameError::too_long);
  Call call{.method = "m", .payload = std::string(kMaxRequest - std::string("m+ dom0 name dom0\0"s).size(), 'x')};
  EXPECT_TRUE(encode_call(call));
  call.payload += 'x';
  EXPECT_EQ(encode_call(call).error(), FrameError::too_long);
}

TEST(AdminRequest, ABlankInAPartCannotForgeAnother) {
  EXPECT_FALSE(encode_call({.method = "m", .argument = "a dom0 name vault"}));
  EXPECT_FALSE(encode_call({.method = "m", .destination = "work vault"}));
  EXPECT_FALSE(encode_call({.method = "m", .destination = "work\0x"s}));
}

TEST(AdminReply, RoundTripsAndPercentSignsSurvive) {
  EXPECT_EQ(*parse_reply(encode_reply(std::string("a\nb\0c"s))), "a\nb\0c"s);
  Exception const problem{"QubesValueError", "100% of %s is bad"};
  EXPECT_EQ(as_text(encode_reply(Failure{problem})), "2\0QubesValueError\0\0" "100%% of %%s is bad\0"s);
  EXPECT_EQ(parse_reply(encode_reply(Failure{problem})).error(), problem);
}

TEST(AdminReply, ArgumentsOfAPeersExceptionAreFilledIn) {
  auto const reply = parse_reply(as_bytes("2\0QubesVMNotFoundError\0\0No such domain: %r (%d)\0work\0" "3\0"s));
  EXPECT_EQ(reply.error().message, "No such domain: work (3)");
  EXPECT_EQ(parse_reply(as_bytes("2\0E\0\0%s\0"s)).error().message, "%s");
}

TEST(AdminReply, NothingOrHalfAnAnswerIsAnAccessError) {
  for (std::string const& text : {""s, "0"s, "2"s, "2\0"s, "2\0E\0"s, "2\0E\0\0"s.substr(0, 4)}) {
    EXPECT_EQ(parse_reply(as_bytes(text)).error().type, "QubesDaemonAccessError") << text.size();
  }
  EXPECT_EQ(parse_reply(as_bytes("7\0x"s)).error().type, "QubesDaemonCommunicationError");
}

TEST(AdminEvent, DecodesByteByByte) {
  Event const first{"", "connection-established"};
  Event const second{"work", "property-set:memory", {{"name", "memory"}, {"newvalue", ""}}};
  Bytes stream = encode_event(first);
  for (std::byte const b : encode_event(second)) stream.push_back(b);
  EventDecoder decoder;
  std::vector<Event> seen;
  for (std::byte const b : stream) {
    decoder.feed(std::span(&b, 1));
    auto event = decoder.next();
    ASSERT_TRUE(event);
    if (*event) seen.push_back(**event);
  }
  EXPECT_EQ(seen, (std::vector<Event>{first, second}));
}

TEST(AdminEvent, AnotherFrameAndAnEndlessOneEndTheStream) {
  EventDecoder wrong;
  wrong.feed(as_bytes("2\0E\0"s));
  EXPECT_EQ(wrong.next().error(), EventError::not_an_event);
  EventDecoder endless;
  endless.feed(as_bytes("1\0"s + std::string(EventDecoder::kMaxFrame, 'x')));
  EXPECT_EQ(endless.next().error(), EventError::too_long);
}

TEST(AdminEvent, ANulInAValueCannotForgeAField) {
  EventDecoder decoder;
  decoder.feed(encode_event({"work", "e", {{"k", "v\0\0" "1"s}}}));
  auto const event = decoder.next();
  ASSERT_TRUE(event && *event);
  EXPECT_EQ((*event)->value("k"), "v1");
}

TEST(AdminListing, PropertyLinesEscapeAndReturn) {
  PropertyValue const value{false, "str", "a\\b\nc d"};
  auto const parsed = parse_property_lines(format_property_line("kernelopts", value));
  EXPECT_EQ(parsed.at("kernelopts"), value);
  EXPECT_EQ(parse_property("default=True type=vm ")->value, "");
  EXPECT_FALSE(parse_property("type=vm x"));
}

TEST(AdminListing, VmList) {
  auto const qubes = parse_vm_list("dom0 class=AdminVM state=Running uuid=0\nwork class=AppVM state=Halted uuid=1\n");
  ASSERT_EQ(qubes.size(), 2U);
  EXPECT_EQ(qubes[1].name, "work");
  EXPECT_EQ(qubes[1].state, "Halted");
}

}  // namespace
}  // namespace bh::admin
