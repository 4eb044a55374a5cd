// The service's end of a data channel (qrexec.md 8.1): the caller's STDIN goes in, STDOUT and STDERR come out, EXIT_CODE is last.
#pragma once

#include "qrexec/service/launch.h"
#include "qrexec/stream/framed_stream.h"

namespace bh::qrexec {

struct ServeOptions {
  std::uint32_t version = kNewestVersion;
  // Socket services (qrexec.md 10.3).
  bool exit_on_client_eof = false;
  bool exit_on_service_eof = false;
};

enum class Served : std::uint8_t { complete, caller_left, protocol_error };

// Runs to the end of the call. `socket_request` is open_socket_request_signal()'s.
Served serve(FramedStream& channel, RunningService& service, ServeOptions const& options, UniqueFd const& socket_request);

// The call could not start: streams end at once, then the code. `with_streams` is false for JUST_EXEC.
void report_failure(FramedStream& channel, int code, bool with_streams);

}  // namespace bh::qrexec
