#include "qrexec/client/daemon_connection.h"

#include <sys/socket.h>

#include <cerrno>

#include "base/unix_socket.h"
#include "qrexec/stream/handshake.h"

namespace bh::qrexec {

Result<DaemonConnection> DaemonConnection::open(std::filesystem::path const& folder, std::string const& qube, Deadline deadline) {
  if (qube.empty() || qube.find('/') != std::string::npos) return Failure{Error{"'" + qube + "' is no qube's name", EINVAL}};
  auto socket = connect_unix(folder / ("qrexec." + qube));
  if (!socket) {
    int const reason = socket.error().errno_value;
    if (reason == ENOENT || reason == ECONNREFUSED) {
      return Failure{Error{"qube " + qube + " is not running, or its qrexec agent has not answered yet (no " +
                               (folder / ("qrexec." + qube)).string() + ")", ENOENT}};
    }
    return Failure{std::move(socket).error()};
  }
  BH_TRY(stream, FramedStream::over(*std::move(socket), Direction::daemon_to_client));
  HelloTerms const terms{HelloOrder::read_first, kClientSocketVersion, kClientSocketVersion};
  BH_CHECK(shake_hands(stream, terms, deadline));
  return DaemonConnection(std::move(stream));
}

Result<CallAddress> DaemonConnection::assigned(MessageType request, Deadline deadline) {
  BH_CHECK(stream_.flush_by(deadline));
  BH_TRY(frame, receive_frame(stream_, deadline));
  auto const answer = decode_assigned(frame);
  if (!answer) return Failure{Error{std::string("qrexec-daemon: ") + to_string(answer.error()), EPROTO}};
  if (answer->request != request) return Failure{Error{"qrexec-daemon answered another request", EPROTO}};
  return answer->address;
}

Result<CallAddress> DaemonConnection::run(Exec const& exec, Deadline deadline) {
  stream_.queue(encode(exec));
  return assigned(exec.mode == ExecMode::just_exec ? MessageType::just_exec : MessageType::exec_cmdline, deadline);
}

Result<CallAddress> DaemonConnection::serve_here(Ident const& ident, Deadline deadline) {
  stream_.queue(encode(ServiceConnect{CallAddress{kDom0, vchan::Port(0)}, ident}));
  return assigned(MessageType::service_connect, deadline);
}

Result<void> DaemonConnection::connect(ServiceConnect const& message, Deadline deadline) {
  stream_.queue(encode(message));
  BH_CHECK(stream_.flush_by(deadline));
  // The daemon closes after having read this end. Without waiting for that, a worker's exit could be seen before its answer.
  ::shutdown(stream_.fd().borrow(), SHUT_WR);
  return wait_for_end(deadline);
}

Result<void> DaemonConnection::wait_for_end(Deadline deadline) {
  for (;;) {
    BH_TRY(ready, wait_for(stream_.fd(), POLLIN, deadline));
    if (!ready) return Failure{Error{"the call did not end in time", ETIMEDOUT}};
    BH_TRY(open, stream_.receive());
    if (!open) return {};
    if (auto const frame = stream_.next(); !frame || *frame) return Failure{Error{"unexpected message of qrexec-daemon", EPROTO}};
  }
}

}  // namespace bh::qrexec
