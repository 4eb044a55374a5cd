// Inlet: bytes of a local descriptor on their way into a call.
#pragma once

#include "qrexec/stream/framed_stream.h"
#include "qrexec/stream/outlet.h"

namespace bh::qrexec {

class Inlet {
 public:
  static Result<Inlet> over(SharedFd fd, MessageType type, Ownership ownership);
  static Inlet nothing(MessageType type) { return Inlet(nullptr, type); }

  // One read; goes to `stream` as a frame, end of stream as an empty one (then closed).
  void pump(FramedStream& stream, std::size_t chunk);
  // Empty frame now, reading stops.
  void end(FramedStream& stream);
  // Reads what is there already, then goes on with another descriptor.
  void switch_to(SharedFd fd, FramedStream& stream, std::size_t chunk);

  [[nodiscard]] bool closed() const { return fd_ == nullptr; }
  [[nodiscard]] SharedFd const& fd() const { return fd_; }

 private:
  Inlet(SharedFd fd, MessageType type) : fd_(std::move(fd)), type_(type) {}
  SharedFd fd_;
  MessageType type_;
  Bytes buffer_;  // kept: clearing a new one for every read would cost as much as the read
};

}  // namespace bh::qrexec
