#include "qrexec/stream/outlet.h"

#include <limits.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/display_text.h"

namespace bh::qrexec {

Result<Outlet> Outlet::over(SharedFd fd, Ownership ownership) {
  if (ownership == Ownership::ours) BH_CHECK(set_nonblocking(*fd, true));
  return Outlet(std::move(fd), ownership);
}

void Outlet::write(ByteSpan bytes) {
  if (closed() || finishing_) return;
  if (filtered_) {
    std::string const clean = for_terminal(as_text(bytes));
    auto const span = as_bytes(clean);
    buffer_.insert(buffer_.end(), span.begin(), span.end());
  } else {
    ByteSpan const rest = write_through(bytes);
    buffer_.insert(buffer_.end(), rest.begin(), rest.end());
  }
}

// With nothing in front of them, bytes need not pass the buffer.
ByteSpan Outlet::write_through(ByteSpan bytes) {
  if (ownership_ != Ownership::ours) return bytes;
  while (pending() == 0 && !bytes.empty()) {
    auto const put = write_some(*fd_, bytes);
    if (!put && put.error().errno_value == EAGAIN) return bytes;
    if (!put) {
      abandon();
      return {};
    }
    bytes = bytes.subspan(*put);
  }
  return bytes;
}

void Outlet::abandon() {
  fd_.reset();
  buffer_.clear();
  sent_ = 0;
}

bool Outlet::takes_bytes() const {
  pollfd entry{fd_->borrow(), POLLOUT, 0};
  return ::poll(&entry, 1, 0) > 0;
}

void Outlet::flush() {
  if (closed()) return;
  while (pending() > 0) {
    // Others share an inherited descriptor, so it blocks; a reader that stands still must not stop the other direction.
    if (ownership_ == Ownership::inherited && !takes_bytes()) return;
    // A pipe that polls writable takes PIPE_BUF bytes without blocking, and no more is promised.
    std::size_t const most = ownership_ == Ownership::inherited ? PIPE_BUF : pending();
    auto const put = write_some(*fd_, ByteSpan(buffer_).subspan(sent_, std::min(pending(), most)));
    if (!put) {
      if (put.error().errno_value == EAGAIN) return;
      abandon();
      return;
    }
    sent_ += *put;
  }
  buffer_.clear();
  sent_ = 0;
  if (!finishing_) return;
  // A socket may still be read from: only this direction ends. An inherited one may have other writers, so it is only closed.
  if (ownership_ == Ownership::ours) ::shutdown(fd_->borrow(), SHUT_WR);
  fd_.reset();
}

}  // namespace bh::qrexec
