// MessageStream: bytes of a channel in any portions -> whole messages. A part of a message waits here and blocks nobody.
#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "gui-daemon/protocol/message_type.h"
#include "gui-daemon/protocol/protocol_error.h"
#include "gui-daemon/protocol/window_id.h"

namespace bh::gui {

// Type and length are checked against the table; the body is not yet looked at.
struct RawMessage {
  MessageType type;
  WindowId window;
  Bytes body;
};

class MessageStream {
 public:
  // The direction of what will be read: an agent reads to_agent, the daemon to_daemon.
  explicit MessageStream(Direction direction) : direction_(direction) {}

  // Call next() until it has nothing before the next append(): the buffer holds one message and one read, never more.
  Result<void, ProtocolError> append(ByteSpan bytes);
  // nullopt: no whole message yet. After an error the stream is of no further use. Going to_agent, unknown types are skipped
  // (the daemon may be newer than we); going to_daemon they are an error.
  Result<std::optional<RawMessage>, ProtocolError> next();
  // Exactly `count` bytes without header (handshake only); nullopt: not there yet.
  std::optional<Bytes> take_plain(std::size_t count);
  // Part of a message is there: the peer owes us the rest.
  [[nodiscard]] bool partial() const { return buffer_.size() != start_; }

 private:
  [[nodiscard]] ByteSpan waiting() const { return ByteSpan(buffer_).subspan(start_); }
  void consume(std::size_t count);

  Direction direction_;
  Bytes buffer_;
  std::size_t start_ = 0;
};

}  // namespace bh::gui
