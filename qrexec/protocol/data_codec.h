// Messages of a data channel, one variant a direction (qrexec.md 2.1, 8.1).
// GUARD (R22): a caller that sends STDERR or an exit code to a service gets them dropped here; their bytes have no way on.
#pragma once

#include <variant>

#include "qrexec/protocol/control_codec.h"

namespace bh::qrexec {

// Empty bytes: end of that stream. The bytes are still the peer's: to be passed on, never to be parsed.
struct StdinData {
  ByteSpan bytes;
};
struct StdoutData {
  ByteSpan bytes;
};
struct StderrData {
  ByteSpan bytes;
};
struct ExitCode {
  int code;
};
struct Dropped {
  MessageType type;
};

using ToService = std::variant<StdinData, Dropped>;
using ToCaller = std::variant<StdoutData, StderrData, ExitCode>;

// STDOUT sent to a service counts as its input, as the peer has it; STDERR and EXIT_CODE are Dropped.
Result<ToService, CodecError> decode_to_service(Frame const& frame);
// STDIN sent to a caller counts as output. An exit code too short for a number is 255.
Result<ToCaller, CodecError> decode_to_caller(Frame const& frame);

[[nodiscard]] Bytes encode_exit_code(int code);

}  // namespace bh::qrexec
