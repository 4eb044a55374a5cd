// The calling end's data channel: vchan server, one peer, then HELLO (qrexec.md 6, 3).
#pragma once

#include "qrexec/protocol/control_codec.h"
#include "qrexec/stream/framed_stream.h"
#include "qrexec/stream/vchan_place.h"

namespace bh::qrexec {

struct DataChannel {
  FramedStream stream;
  std::uint32_t version;
};

// Listens for the executing side and agrees with it on a version.
Result<DataChannel> await_service(VchanPlace const& place, CallAddress const& address, Deadline deadline);

}  // namespace bh::qrexec
