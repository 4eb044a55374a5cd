// Requests of a VM in all three forms: checked, refused with their own ident, forwarded unchanged but for it (SECURITY R21, R23).
#include "qrexec/protocol/trigger_codec.h"

#include <gtest/gtest.h>

namespace bh::qrexec {
namespace {

Bytes body4(std::string_view source, std::string_view target, std::string_view ident, std::string_view service) {
  ByteWriter body;
  body.fixed_text(source, 64).fixed_text(target, 64).fixed_text(ident, 32).text(service);
  return std::move(body).take();
}

Result<TriggerRequest, BadName> request_of(Bytes const& body) {
  auto trigger = decode_trigger({MessageType::trigger_service4, body});
  EXPECT_TRUE(trigger.ok());
  return std::move(trigger->request);
}

TEST(TriggerCodec, Version4) {
  auto const request = request_of(body4("relayed", "target-vm", "SOCKET5", std::string_view("svc+arg\0", 8)));
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->source.text(), "relayed");
  EXPECT_EQ(request->target.text(), "target-vm");
  EXPECT_EQ(request->ident.text(), "SOCKET5");
  EXPECT_EQ(request->service.text(), "svc+arg");
}

TEST(TriggerCodec, Version3HasNoSource) {
  ByteWriter body;
  body.fixed_text("t", 64).fixed_text("id", 32).text(std::string_view("s\0", 2));
  auto const trigger = decode_trigger({MessageType::trigger_service3, body.view()});
  ASSERT_TRUE(trigger.ok() && trigger->request.ok());
  EXPECT_EQ(trigger->request->source.text(), "");
  EXPECT_EQ(trigger->request->service.text(), "s");
}

TEST(TriggerCodec, Version2HasFixedFields) {
  ByteWriter body;
  body.fixed_text("svc+a", 64).fixed_text("t", 32).fixed_text("id", 32);
  auto const trigger = decode_trigger({MessageType::trigger_service2, body.view()});
  ASSERT_TRUE(trigger.ok() && trigger->request.ok());
  EXPECT_EQ(trigger->request->service.text(), "svc+a");
  EXPECT_EQ(trigger->request->target.text(), "t");
  EXPECT_EQ(trigger->request->ident.text(), "id");
}

TEST(TriggerCodec, ServiceNeedsExactlyOneNulAtItsEnd) {
  EXPECT_EQ(request_of(body4("", "t", "id", "svc")).error(), BadName::no_terminator);
  EXPECT_EQ(request_of(body4("", "t", "id", std::string_view("a\0b\0", 4))).error(), BadName::inner_nul);
  EXPECT_EQ(request_of(body4("", "t", "id", std::string_view("a\0\0", 3))).error(), BadName::inner_nul);
  EXPECT_EQ(request_of(body4("", "t", "id", std::string_view("\0", 1))).error(), BadName::empty);
  EXPECT_EQ(request_of(body4("", "t", "id", std::string_view("+x\0", 3))).error(), BadName::empty);
}

TEST(TriggerCodec, ServiceAtItsLimits) {
  for (std::size_t length : {1U, 2U, 31U, 32U, 63U, 64U, 65U, 70U, 64998U, 64999U}) {
    auto const request = request_of(body4("", "t", "id", std::string(length, 'a') + '\0'));
    ASSERT_TRUE(request.ok()) << length;
    EXPECT_EQ(request->service.text().size(), length);
  }
  EXPECT_EQ(request_of(body4("", "t", "id", std::string(65000, 'a') + '\0')).error(), BadName::too_long);
}

TEST(TriggerCodec, EveryShortBodyIsTruncated) {
  for (std::size_t length = 0; length < 160; ++length) {
    Bytes const body(length, std::byte{'a'});
    EXPECT_FALSE(decode_trigger({MessageType::trigger_service4, body}).ok()) << length;
    if (length < 96) {
      EXPECT_FALSE(decode_trigger({MessageType::trigger_service3, body}).ok()) << length;
    }
    if (length < 128) {
      EXPECT_FALSE(decode_trigger({MessageType::trigger_service2, body}).ok()) << length;
    }
  }
}

TEST(TriggerCodec, BadIdentIsRefusedWithItsOwnBytes) {
  Bytes body = body4("", "t", "", std::string_view("s\0", 2));
  for (std::size_t i = 128; i < 160; ++i) body[i] = std::byte{'/'};
  auto const trigger = decode_trigger({MessageType::trigger_service4, body});
  ASSERT_TRUE(trigger.ok());
  EXPECT_EQ(trigger->request.error(), BadName::no_terminator);
  for (std::byte const b : trigger->ident) EXPECT_EQ(b, std::byte{'/'});
}

TEST(ForwardTrigger, ReplacesTheIdentAndNothingElse) {
  Bytes body = body4("", "target", "SOCKET", std::string_view("svc\0", 4));
  body[70] = std::byte{0xEE};  // behind the target's NUL
  auto const forwarded = forward_trigger(body, *Ident::parse("SOCKET12"), 4);
  ASSERT_TRUE(forwarded.ok());
  Bytes expected = body;
  RawIdent const ident = Ident::parse("SOCKET12")->raw();
  std::copy(ident.begin(), ident.end(), expected.begin() + 128);
  EXPECT_EQ(forwarded->frame, encode_frame(MessageType::trigger_service4, expected));
}

TEST(ForwardTrigger, ConvertsForOlderDaemons) {
  Bytes const body = body4("", "target", "SOCKET", std::string_view("svc\0", 4));
  auto const three = forward_trigger(body, *Ident::parse("SOCKET1"), 3);
  ASSERT_TRUE(three.ok());
  EXPECT_EQ(three->frame.size(), kHeaderSize + 96 + 4);
  auto const two = forward_trigger(body, *Ident::parse("SOCKET1"), 2);
  ASSERT_TRUE(two.ok());
  auto const decoded = decode_trigger({MessageType::trigger_service2, ByteSpan(two->frame).subspan(kHeaderSize)});
  ASSERT_TRUE(decoded.ok() && decoded->request.ok());
  EXPECT_EQ(decoded->request->service.text(), "svc");
  EXPECT_EQ(decoded->request->target.text(), "target");
}

TEST(ForwardTrigger, RefusesWhatOlderDaemonsCannotSay) {
  Ident const ident = *Ident::parse("SOCKET1");
  EXPECT_EQ(forward_trigger(body4("src", "t", "", std::string_view("s\0", 2)), ident, 3).error(), ForwardError::source_needs_version_4);
  std::string const longer = std::string(64, 'a') + '\0';
  EXPECT_EQ(forward_trigger(body4("", "t", "", longer), ident, 2).error(), ForwardError::name_too_long_for_version_2);
  EXPECT_EQ(forward_trigger(body4("", std::string(32, 't'), "", std::string_view("s\0", 2)), ident, 2).error(),
            ForwardError::name_too_long_for_version_2);
}

TEST(LocalRequest, HasItsLimits) {
  EXPECT_TRUE(encode_local_request({"", std::string(63, 't'), std::string(64999, 's')}).ok());
  EXPECT_EQ(encode_local_request({"", std::string(64, 't'), "s"}).error(), RequestError::target_too_long);
  EXPECT_EQ(encode_local_request({std::string(64, 'x'), "t", "s"}).error(), RequestError::source_too_long);
  EXPECT_EQ(encode_local_request({"", "t", std::string(65000, 's')}).error(), RequestError::service_too_long);
  EXPECT_EQ(encode_local_request({"", "t", ""}).error(), RequestError::service_empty);
}

}  // namespace
}  // namespace bh::qrexec
