// The client's end of a qrexec-daemon's local socket (qrexec.md 7).
#pragma once

#include <filesystem>

#include "qrexec/protocol/control_codec.h"
#include "qrexec/stream/framed_stream.h"

namespace bh::qrexec {

class DaemonConnection {
 public:
  // `qube`: a name, a domain number or "uuid:UUID", as in the socket's name. ENOENT in errno_value: the qube does not run.
  static Result<DaemonConnection> open(std::filesystem::path const& folder, std::string const& qube, Deadline deadline);

  // Starts a command in the VM; the answer says where its agent will connect.
  Result<CallAddress> run(Exec const& exec, Deadline deadline);
  // Answers a request of the VM: dom0 itself serves it. The answer says where the caller listens.
  Result<CallAddress> serve_here(Ident const& ident, Deadline deadline);
  // Answers a request of the VM: `other_end` serves it. Done once the daemon has taken it.
  Result<void> connect(ServiceConnect const& message, Deadline deadline);
  // Until the daemon closes: the call has ended.
  Result<void> wait_for_end(Deadline deadline);

 private:
  explicit DaemonConnection(FramedStream stream) : stream_(std::move(stream)) {}
  Result<CallAddress> assigned(MessageType request, Deadline deadline);
  FramedStream stream_;
};

}  // namespace bh::qrexec
