#include "gui-daemon/protocol/message_stream.h"

#include "gui-daemon/protocol/limits.h"

namespace bh::gui {
namespace {
constexpr std::size_t kMaxBuffered = (std::size_t{1} << 20) + kMaxMessage;
}

Result<void, ProtocolError> MessageStream::append(ByteSpan bytes) {
  if (bytes.size() > kMaxBuffered - (buffer_.size() - start_)) return Failure{ProtocolError::buffer_full};
  if (start_ != 0) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(start_));
    start_ = 0;
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return {};
}

void MessageStream::consume(std::size_t count) {
  start_ += count;
  if (start_ == buffer_.size()) {
    buffer_.clear();
    start_ = 0;
  }
}

std::optional<Bytes> MessageStream::take_plain(std::size_t count) {
  if (waiting().size() < count) return std::nullopt;
  ByteSpan const head = waiting().first(count);
  Bytes taken(head.begin(), head.end());
  consume(count);
  return taken;
}

Result<std::optional<RawMessage>, ProtocolError> MessageStream::next() {
  while (waiting().size() >= kHeaderSize) {
    ByteReader reader(waiting());
    std::uint32_t const type = *reader.u32_le();
    WindowId const window{*reader.u32_le()};
    std::uint32_t const length = *reader.u32_le();
    auto const rule = body_rule(type, direction_);
    // GUARD: a length that makes us wait for, or allocate, more than this type can need: compared before the body is read.
    if (!rule && direction_ == Direction::to_daemon) return Failure{ProtocolError::unknown_type};
    if (rule ? (length < rule->min || length > rule->max) : length > kMaxSkippedBody) return Failure{ProtocolError::bad_length};
    if (reader.left() < length) return std::optional<RawMessage>{};
    ByteSpan const body = *reader.take(length);
    if (!rule) {
      consume(kHeaderSize + length);
      continue;
    }
    RawMessage message{static_cast<MessageType>(type), window, Bytes(body.begin(), body.end())};
    consume(kHeaderSize + length);
    return std::optional<RawMessage>(std::move(message));
  }
  return std::optional<RawMessage>{};
}

}  // namespace bh::gui
