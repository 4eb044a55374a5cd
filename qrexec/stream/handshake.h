// HELLO on data channels and on the daemon's local socket (qrexec.md 3).
#pragma once

#include "qrexec/stream/framed_stream.h"

namespace bh::qrexec {

enum class HelloOrder : std::uint8_t { send_first, read_first };

// The agreed version: the lower of ours and the peer's. Says `offer`; a peer below `minimum` is an error.
struct HelloTerms {
  HelloOrder order;
  std::uint32_t offer = kNewestVersion;
  std::uint32_t minimum = kOldestVersion;
};
Result<std::uint32_t> shake_hands(FramedStream& stream, HelloTerms terms, Deadline deadline);

// The next frame, waited for. End of stream and a bad frame are errors.
Result<Frame> receive_frame(FramedStream& stream, Deadline deadline);

}  // namespace bh::qrexec
