// A non-blocking stream of frames: a vchan or a local socket, with a FrameReader for what comes and a buffer for what goes.
#pragma once

#include "base/posix_io.h"
#include "qrexec/protocol/frame.h"

namespace bh::qrexec {

class FramedStream {
 public:
  // Makes the descriptor non-blocking.
  static Result<FramedStream> over(UniqueFd fd, Direction incoming);

  [[nodiscard]] UniqueFd const& fd() const { return fd_; }
  // One read of what is there. False: the peer closed the stream (or left in the middle); nothing more will come.
  Result<bool> receive();
  Result<std::optional<Frame>, FrameError> next() { return reader_.next(); }
  void agree_on(std::uint32_t version) { reader_.agree_on(version); }
  [[nodiscard]] bool in_frame() const { return reader_.in_frame(); }

  void queue(ByteSpan encoded);
  // Header and body without a copy in between.
  void queue_frame(MessageType type, ByteSpan body);
  // Writes what can be written now. False: the peer is gone; what was queued is dropped.
  Result<bool> flush();
  // flush() until all is out or the deadline has passed.
  Result<void> flush_by(Deadline deadline);
  [[nodiscard]] std::size_t pending() const { return outgoing_.size() - sent_; }
  // The limit at which whoever produces should stop until some of it has gone.
  static constexpr std::size_t kEnoughPending = 256 * 1024;
  [[nodiscard]] bool has_room() const { return pending() < kEnoughPending; }

 private:
  FramedStream(UniqueFd fd, Direction incoming) : fd_(std::move(fd)), reader_(incoming) {}
  UniqueFd fd_;
  FrameReader reader_;
  Bytes outgoing_;
  std::size_t sent_ = 0;
};

}  // namespace bh::qrexec
