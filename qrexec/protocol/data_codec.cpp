#include "qrexec/protocol/data_codec.h"

namespace bh::qrexec {

Result<ToService, CodecError> decode_to_service(Frame const& frame) {
  if (frame.type == MessageType::data_stdin || frame.type == MessageType::data_stdout) return ToService(StdinData{frame.body});
  if (frame.type == MessageType::data_stderr || frame.type == MessageType::data_exit_code) return ToService(Dropped{frame.type});
  return Failure{CodecError::unexpected_type};
}

Result<ToCaller, CodecError> decode_to_caller(Frame const& frame) {
  if (frame.type == MessageType::data_stdout || frame.type == MessageType::data_stdin) return ToCaller(StdoutData{frame.body});
  if (frame.type == MessageType::data_stderr) return ToCaller(StderrData{frame.body});
  if (frame.type != MessageType::data_exit_code) return Failure{CodecError::unexpected_type};
  auto const code = ByteReader(frame.body).i32_le();
  return ToCaller(ExitCode{code ? *code : 255});
}

Bytes encode_exit_code(int code) {
  ByteWriter body;
  body.i32_le(code);
  return encode_frame(MessageType::data_exit_code, body.view());
}

}  // namespace bh::qrexec
