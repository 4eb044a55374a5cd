// The caller's end of a data channel (qrexec.md 8.1): local input goes out as STDIN, what comes is written locally, the exit code ends it.
#pragma once

#include <optional>

#include "base/child_process.h"
#include "qrexec/stream/framed_stream.h"
#include "qrexec/stream/inlet.h"
#include "qrexec/stream/outlet.h"

namespace bh::qrexec {

// Where a call's bytes come from and go to at home: our own descriptors or a local program's.
struct LocalEnd {
  std::optional<ChildProcess> program;
  Outlet output = Outlet::nowhere();                             // STDOUT goes here
  Outlet errors = Outlet::nowhere();                             // STDERR
  Inlet input = Inlet::nothing(MessageType::data_stdin);         // becomes STDIN
  std::string prefix;                                            // sent before anything of `input`
};

struct CallResult {
  std::optional<int> remote;  // nullopt: the connection was lost before an exit code
  std::optional<int> local;   // of the program, where there is one
};

// Our own standard streams. `socket_stdin`: descriptor 0 is a socket that serves both ways.
Result<LocalEnd> own_streams(bool socket_stdin);
// A program whose stdin and stdout are the call; its stderr is ours.
Result<LocalEnd> program_streams(SpawnOptions options);

// Runs to the end of the call.
CallResult run_call(FramedStream& channel, LocalEnd& local, std::uint32_t version, UniqueFd const& socket_request);

// What a calling program exits with (qrexec.md 9): 255 for a lost connection, else the remote code, else the local program's.
[[nodiscard]] int exit_code_of(CallResult const& result);

}  // namespace bh::qrexec
