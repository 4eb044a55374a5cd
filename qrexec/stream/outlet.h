// Outlet: bytes of a call on their way to a local descriptor, with a bounded buffer and an end of its own.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/posix_io.h"

namespace bh::qrexec {

using SharedFd = std::shared_ptr<UniqueFd>;

// Ours alone: made non-blocking. Inherited: shared with other programs, whose view must not change, so writes stay small
// enough never to block after poll().
enum class Ownership : std::uint8_t { ours, inherited };

class Outlet {
 public:
  static Result<Outlet> over(SharedFd fd, Ownership ownership);
  // One that swallows everything.
  static Outlet nowhere() { return Outlet(nullptr, Ownership::ours); }

  // Shown on a terminal: bytes that could steer it become '_'.
  void filter_for_terminal() { filtered_ = true; }
  void write(ByteSpan bytes);
  // End of stream once what is pending has gone.
  void finish() { finishing_ = true; }
  // Writes what can be written now; closes at the end. A reader that left only means that the rest is dropped.
  void flush();

  static constexpr std::size_t kEnoughPending = 256 * 1024;
  [[nodiscard]] std::size_t pending() const { return buffer_.size() - sent_; }
  [[nodiscard]] bool has_room() const { return pending() < kEnoughPending; }
  // Nothing more will be written: ended, or the reader left.
  [[nodiscard]] bool closed() const { return fd_ == nullptr; }
  [[nodiscard]] SharedFd const& fd() const { return fd_; }
  // The reader left.
  void abandon();

 private:
  // What could not be written at once.
  ByteSpan write_through(ByteSpan bytes);
  // Without blocking; also true where a write would fail.
  [[nodiscard]] bool takes_bytes() const;
  Outlet(SharedFd fd, Ownership ownership) : fd_(std::move(fd)), ownership_(ownership) {}
  SharedFd fd_;
  Ownership ownership_;
  bool filtered_ = false;
  bool finishing_ = false;
  Bytes buffer_;
  std::size_t sent_ = 0;
};

}  // namespace bh::qrexec
