#include "qrexec/stream/framed_stream.h"

#include <cerrno>

namespace bh::qrexec {

namespace {
bool peer_left(int error) { return error == EPIPE || error == ECONNRESET; }
bool try_later(int error) { return error == EAGAIN || error == EWOULDBLOCK; }
}  // namespace

Result<FramedStream> FramedStream::over(UniqueFd fd, Direction incoming) {
  BH_CHECK(set_nonblocking(fd, true));
  return FramedStream(std::move(fd), incoming);
}

Result<bool> FramedStream::receive() {
  auto const got = read_some(fd_, reader_.space());
  if (!got) {
    if (try_later(got.error().errno_value)) return true;
    if (peer_left(got.error().errno_value)) return false;
    return Failure{got.error()};
  }
  reader_.commit(*got);
  return *got > 0;
}

void FramedStream::queue(ByteSpan encoded) {
  if (sent_ == outgoing_.size()) {
    outgoing_.clear();
    sent_ = 0;
  }
  outgoing_.insert(outgoing_.end(), encoded.begin(), encoded.end());
}

void FramedStream::queue_frame(MessageType type, ByteSpan body) {
  ByteWriter header;
  header.u32_le(static_cast<std::uint32_t>(type)).u32_le(static_cast<std::uint32_t>(body.size()));
  queue(header.view());
  queue(body);
}

Result<bool> FramedStream::flush() {
  while (pending() > 0) {
    auto const put = write_some(fd_, ByteSpan(outgoing_).subspan(sent_));
    if (!put) {
      if (try_later(put.error().errno_value)) break;
      bool const left = peer_left(put.error().errno_value);
      outgoing_.clear();
      sent_ = 0;
      if (left) return false;
      return Failure{put.error()};
    }
    sent_ += *put;
  }
  // Moved down rarely: only when what has gone outweighs what waits.
  if (sent_ > 64 * 1024 && sent_ > outgoing_.size() / 2) {
    outgoing_.erase(outgoing_.begin(), outgoing_.begin() + static_cast<std::ptrdiff_t>(sent_));
    sent_ = 0;
  }
  return true;
}

Result<void> FramedStream::flush_by(Deadline deadline) {
  for (;;) {
    BH_TRY(connected, flush());
    if (!connected || pending() == 0) return {};
    BH_TRY(ready, wait_for(fd_, POLLOUT, deadline));
    if (!ready) return Failure{Error{"the peer does not take its data", ETIMEDOUT}};
  }
}

}  // namespace bh::qrexec
