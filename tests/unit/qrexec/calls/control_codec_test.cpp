// Control messages survive the way there and back, and bad ones are refused with their reason.
#include "qrexec/protocol/control_codec.h"

#include <gtest/gtest.h>

namespace bh::qrexec {
namespace {

Frame frame_of(Bytes const& encoded) {
  ByteReader reader(encoded);
  auto const type = static_cast<MessageType>(*reader.u32_le());
  EXPECT_EQ(*reader.u32_le(), encoded.size() - kHeaderSize);
  return {type, reader.rest()};
}

CallAddress address(std::uint16_t domain, std::uint32_t port) { return {DomainId(domain), vchan::Port(port)}; }

TEST(ControlCodec, ExecHasTheWireLayout) {
  Bytes const encoded = encode(Exec{ExecMode::with_streams, address(43, 1024), "user:ls"});
  ByteWriter expected;
  expected.u32_le(0x200).u32_le(16).u32_le(43).u32_le(1024).text("user:ls").u8(0);
  EXPECT_EQ(encoded, expected.view());
}

TEST(ControlCodec, ExecRoundTrip) {
  Bytes const encoded = encode(Exec{ExecMode::just_exec, address(7, 600), "DEFAULT:QUBESRPC a+ b"});
  auto const message = decode_to_agent(frame_of(encoded));
  ASSERT_TRUE(message.ok());
  auto const& exec = std::get<Exec>(*message);
  EXPECT_EQ(exec.mode, ExecMode::just_exec);
  EXPECT_EQ(exec.other_end, address(7, 600));
  EXPECT_EQ(exec.command, "DEFAULT:QUBESRPC a+ b");
}

TEST(ControlCodec, ExecWithoutOrWithInnerNulIsRefused) {
  ByteWriter open;
  open.u32_le(0).u32_le(0).text("user:ls");
  EXPECT_EQ(decode_from_client({MessageType::exec_cmdline, open.view()}).error(), CodecError::no_terminator);
  ByteWriter inner;
  inner.u32_le(0).u32_le(0).text(std::string_view("user:ls\0rm\0", 11));
  EXPECT_EQ(decode_from_client({MessageType::exec_cmdline, inner.view()}).error(), CodecError::inner_nul);
}

TEST(ControlCodec, ImpossibleDomainIsRefused) {
  for (std::uint32_t const domain : {0x7FF0U, 0x10000U, 0xFFFFFFFFU}) {
    ByteWriter body;
    body.u32_le(domain).u32_le(513);
    EXPECT_EQ(decode_terminated({MessageType::connection_terminated, body.view()}).error(), CodecError::bad_domain);
  }
}

TEST(ControlCodec, ServiceConnectTakesBothFormsOfIdent) {
  Bytes const encoded = encode(ServiceConnect{address(5, 514), *Ident::parse("SOCKET3")});
  auto const message = decode_to_agent(frame_of(encoded));
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(std::get<ServiceConnect>(*message).ident.text(), "SOCKET3");
  ByteWriter padded;
  padded.u32_le(5).u32_le(514).fixed_text("SOCKET3", 32);
  EXPECT_TRUE(decode_from_client({MessageType::service_connect, padded.view()}).ok());
  ByteWriter dirty;
  dirty.u32_le(5).u32_le(514).text(std::string_view("SOCKET3\0x\0", 10));
  EXPECT_EQ(decode_from_client({MessageType::service_connect, dirty.view()}).error(), CodecError::inner_nul);
}

TEST(ControlCodec, RefusalEchoesTheBytes) {
  RawIdent raw{};
  raw.fill(std::byte{0xA5});
  Bytes const encoded = encode(ServiceRefused{raw});
  auto const message = decode_to_agent(frame_of(encoded));
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(std::get<ServiceRefused>(*message).ident, raw);
}

TEST(ControlCodec, ShortBodiesAreTruncated) {
  ByteWriter body;
  body.u32_le(1);
  EXPECT_EQ(decode_meeting_point(body.view()).error(), CodecError::truncated);
  EXPECT_EQ(decode_hello({MessageType::hello, {}}).error(), CodecError::truncated);
  EXPECT_EQ(decode_hello({MessageType::exec_cmdline, body.view()}).error(), CodecError::unexpected_type);
}

TEST(ControlCodec, MeetingPointIsEightBytes) {
  Bytes const bytes = encode_meeting_point(address(43, 1024));
  EXPECT_EQ(bytes.size(), 8U);
  EXPECT_EQ(*decode_meeting_point(bytes), address(43, 1024));
}

}  // namespace
}  // namespace bh::qrexec
