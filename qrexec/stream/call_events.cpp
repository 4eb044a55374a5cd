#include "qrexec/stream/call_events.h"

#include <signal.h>
#include <sys/signalfd.h>

#include <cerrno>

namespace bh::qrexec {

Result<UniqueFd> open_socket_request_signal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return Failure{Error::from_errno("block SIGUSR1")};
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.open()) return Failure{Error::from_errno("wait for SIGUSR1")};
  return fd;
}

bool socket_request_arrived(UniqueFd const& signal) {
  signalfd_siginfo info{};
  auto const got = read_some(signal, std::as_writable_bytes(std::span(&info, 1)));
  return got.ok() && *got == sizeof info;
}

Result<void> PollSet::wait(int timeout_ms) {
  if (::poll(entries_.data(), entries_.size(), timeout_ms) < 0) {
    if (errno != EINTR) return Failure{Error::from_errno("wait for events")};
    for (auto& entry : entries_) entry.revents = 0;
  }
  return {};
}

}  // namespace bh::qrexec
