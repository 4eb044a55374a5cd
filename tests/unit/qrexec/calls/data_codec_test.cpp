// Data messages: what a peer may not say has no way on (SECURITY R22).
#include "qrexec/protocol/data_codec.h"

#include <gtest/gtest.h>

namespace bh::qrexec {
namespace {

TEST(DataCodec, AServiceGetsOnlyInput) {
  auto const input = decode_to_service({MessageType::data_stdin, as_bytes("x")});
  ASSERT_TRUE(input.ok());
  EXPECT_EQ(as_text(std::get<StdinData>(*input).bytes), "x");
  EXPECT_TRUE(std::holds_alternative<StdinData>(*decode_to_service({MessageType::data_stdout, as_bytes("x")})));
  EXPECT_TRUE(std::holds_alternative<Dropped>(*decode_to_service({MessageType::data_stderr, as_bytes("x")})));
  EXPECT_TRUE(std::holds_alternative<Dropped>(*decode_to_service({MessageType::data_exit_code, as_bytes("xxxx")})));
  EXPECT_EQ(decode_to_service({MessageType::hello, {}}).error(), CodecError::unexpected_type);
}

TEST(DataCodec, ACallerGetsOutputErrorsAndTheCode) {
  EXPECT_TRUE(std::holds_alternative<StdoutData>(*decode_to_caller({MessageType::data_stdout, {}})));
  EXPECT_TRUE(std::holds_alternative<StdoutData>(*decode_to_caller({MessageType::data_stdin, {}})));
  EXPECT_TRUE(std::holds_alternative<StderrData>(*decode_to_caller({MessageType::data_stderr, {}})));
  Bytes const code = encode_exit_code(42);
  EXPECT_EQ(std::get<ExitCode>(*decode_to_caller({MessageType::data_exit_code, ByteSpan(code).subspan(8)})).code, 42);
}

TEST(DataCodec, AShortExitCodeIs255) {
  for (std::size_t length = 0; length < 4; ++length) {
    Bytes const body(length, std::byte{0});
    EXPECT_EQ(std::get<ExitCode>(*decode_to_caller({MessageType::data_exit_code, body})).code, 255);
  }
}

}  // namespace
}  // namespace bh::qrexec
