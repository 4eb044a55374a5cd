#include "qrexec/stream/inlet.h"

#include <cerrno>
#include <vector>

namespace bh::qrexec {

Result<Inlet> Inlet::over(SharedFd fd, MessageType type, Ownership ownership) {
  if (ownership == Ownership::ours) BH_CHECK(set_nonblocking(*fd, true));
  return Inlet(std::move(fd), type);
}

void Inlet::pump(FramedStream& stream, std::size_t chunk) {
  if (closed()) return;
  if (buffer_.size() != chunk) buffer_.resize(chunk);
  auto const got = read_some(*fd_, buffer_);
  if (!got && got.error().errno_value == EAGAIN) return;
  if (!got || *got == 0) {
    end(stream);
    return;
  }
  stream.queue_frame(type_, ByteSpan(buffer_).first(*got));
}

void Inlet::end(FramedStream& stream) {
  if (closed()) return;
  fd_.reset();
  stream.queue_frame(type_, {});
}

void Inlet::switch_to(SharedFd fd, FramedStream& stream, std::size_t chunk) {
  // What was written before the switch comes before what is written after it; bounded by the socket's buffer.
  constexpr int kMostReads = 64;
  for (int i = 0; i < kMostReads && !closed(); ++i) {
    pollfd entry{fd_->borrow(), POLLIN, 0};
    if (::poll(&entry, 1, 0) <= 0 || (entry.revents & POLLIN) == 0) break;
    std::vector<std::byte> buffer(chunk);
    auto const got = read_some(*fd_, buffer);
    if (!got || *got == 0) break;
    stream.queue_frame(type_, ByteSpan(buffer).first(*got));
  }
  fd_ = std::move(fd);
}

}  // namespace bh::qrexec
