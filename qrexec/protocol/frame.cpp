#include "qrexec/protocol/frame.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/assert.h"

namespace bh::qrexec {

namespace {

constexpr std::size_t kReadAhead = 64 * 1024;
constexpr std::uint32_t kAnyVersion = 99;
constexpr std::uint32_t kChunk = UINT32_MAX;  // stands for max_data_chunk(version)

struct Rule {
  Direction direction;
  MessageType type;
  std::uint32_t min;
  std::uint32_t max;
  std::uint32_t from_version;  // 0: also before HELLO
  std::uint32_t to_version;
};

using enum Direction;
using enum MessageType;

constexpr std::array kRules{
    Rule{agent_to_daemon, hello, 4, 4, 0, 0},
    Rule{agent_to_daemon, trigger_service2, 128, 128, 2, 2},
    Rule{agent_to_daemon, trigger_service3, 96 + 1, 96 + kMaxServiceField, 3, kAnyVersion},
    Rule{agent_to_daemon, trigger_service4, 160 + 1, 160 + kMaxServiceField, 4, kAnyVersion},
    Rule{agent_to_daemon, connection_terminated, 8, 8, 2, kAnyVersion},

    Rule{daemon_to_agent, hello, 4, 4, 0, 0},
    Rule{daemon_to_agent, exec_cmdline, 9, kMaxExecBody + 64, 2, kAnyVersion},
    Rule{daemon_to_agent, just_exec, 9, kMaxExecBody + 64, 2, kAnyVersion},
    Rule{daemon_to_agent, service_connect, 9, 8 + 32, 2, kAnyVersion},
    Rule{daemon_to_agent, service_refused, 32, 32, 2, kAnyVersion},

    Rule{client_to_daemon, hello, 4, 4, 0, 0},
    Rule{client_to_daemon, exec_cmdline, 9, kMaxExecBody, 3, kAnyVersion},
    Rule{client_to_daemon, just_exec, 9, kMaxExecBody, 3, kAnyVersion},
    Rule{client_to_daemon, service_connect, 9, 8 + 32, 3, kAnyVersion},

    Rule{daemon_to_client, hello, 4, 4, 0, 0},
    Rule{daemon_to_client, exec_cmdline, 8, 8, 3, kAnyVersion},
    Rule{daemon_to_client, just_exec, 8, 8, 3, kAnyVersion},
    Rule{daemon_to_client, service_connect, 8, 8, 3, kAnyVersion},

    Rule{caller_to_service, hello, 4, 4, 0, 0},
    Rule{caller_to_service, data_stdin, 0, kChunk, 2, kAnyVersion},
    Rule{caller_to_service, data_stdout, 0, kChunk, 2, kAnyVersion},  // the three below: misdirected, tolerated by the peer;
    Rule{caller_to_service, data_stderr, 0, kChunk, 2, kAnyVersion},  // what becomes of them: data_codec.h
    Rule{caller_to_service, data_exit_code, 0, kChunk, 2, kAnyVersion},

    Rule{service_to_caller, hello, 4, 4, 0, 0},
    Rule{service_to_caller, data_stdin, 0, kChunk, 2, kAnyVersion},
    Rule{service_to_caller, data_stdout, 0, kChunk, 2, kAnyVersion},
    Rule{service_to_caller, data_stderr, 0, kChunk, 2, kAnyVersion},
    Rule{service_to_caller, data_exit_code, 0, kChunk, 2, kAnyVersion},

    Rule{caller_to_agent, trigger_service4, 160 + 1, 160 + kMaxServiceField, 0, kAnyVersion},
};

}  // namespace

char const* to_string(FrameError error) {
  switch (error) {
    case FrameError::unknown_type: return "a message of a type that may not come this way";
    case FrameError::bad_length: return "a message whose length its type does not allow";
    case FrameError::wrong_version: return "a message that the agreed protocol version does not have";
  }
  return "a bad message";
}

Result<void, FrameError> check_header(Direction direction, std::uint32_t version, std::uint32_t type, std::uint32_t length) {
  auto const rule = std::find_if(kRules.begin(), kRules.end(), [&](Rule const& candidate) {
    return candidate.direction == direction && static_cast<std::uint32_t>(candidate.type) == type;
  });
  if (rule == kRules.end()) return Failure{FrameError::unknown_type};
  if (version < rule->from_version || version > rule->to_version) return Failure{FrameError::wrong_version};
  std::size_t const max = rule->max == kChunk ? max_data_chunk(version) : rule->max;
  if (length < rule->min || length > max) return Failure{FrameError::bad_length};
  return {};
}

std::span<std::byte> FrameReader::space() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (buffer_.size() - end_ < kReadAhead / 2) {
    // Moved to the front first: what is held is never more than one incomplete frame, whose length the table has capped.
    if (begin_ > 0) std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (buffer_.size() - end_ < kReadAhead) buffer_.resize(end_ + kReadAhead);
  }
  return std::span(buffer_).subspan(end_);
}

void FrameReader::commit(std::size_t count) {
  BH_ASSERT(count <= buffer_.size() - end_);
  end_ += count;
}

void FrameReader::feed(ByteSpan bytes) {
  while (!bytes.empty()) {
    auto const room = space();
    std::size_t const count = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), count);
    commit(count);
    bytes = bytes.subspan(count);
  }
}

Result<std::optional<Frame>, FrameError> FrameReader::next() {
  ByteSpan const held = ByteSpan(buffer_).subspan(begin_, end_ - begin_);
  ByteReader reader(held);
  if (held.size() < kHeaderSize) return std::optional<Frame>{};
  std::uint32_t const type = *reader.u32_le();
  std::uint32_t const length = *reader.u32_le();
  // GUARD: a length chosen by the peer; refused here, before anything waits for or allocates it.
  BH_CHECK(check_header(direction_, version_, type, length));
  auto const body = reader.take(length);
  if (!body) return std::optional<Frame>{};
  begin_ += kHeaderSize + length;
  return std::optional<Frame>(Frame{static_cast<MessageType>(type), *body});
}

Bytes encode_frame(MessageType type, ByteSpan body) {
  ByteWriter writer;
  writer.u32_le(static_cast<std::uint32_t>(type)).u32_le(static_cast<std::uint32_t>(body.size())).bytes(body);
  return std::move(writer).take();
}

}  // namespace bh::qrexec
