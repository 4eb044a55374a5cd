// Frames: 8 bytes of header (u32 type, u32 length, little-endian), then the body (qrexec.md 2). One table says which types may
// travel which way and how long they may be; the rule is applied before a byte of the body is read.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"

namespace bh::qrexec {

enum class MessageType : std::uint32_t {
  data_stdin = 0x190,
  data_stdout = 0x191,
  data_stderr = 0x192,
  data_exit_code = 0x193,
  exec_cmdline = 0x200,
  just_exec = 0x201,
  service_connect = 0x202,
  service_refused = 0x203,
  trigger_service2 = 0x210,
  connection_terminated = 0x211,
  trigger_service3 = 0x212,
  trigger_service4 = 0x213,
  hello = 0x300,
};

// A channel and the way its bytes go. GUARD (R22): what may not travel a way has no decoder for it.
enum class Direction : std::uint8_t {
  agent_to_daemon,
  daemon_to_agent,
  client_to_daemon,
  daemon_to_client,
  caller_to_service,
  service_to_caller,
  caller_to_agent,  // the trigger socket
};

inline constexpr std::uint32_t kNewestVersion = 4;
inline constexpr std::uint32_t kOldestVersion = 2;
inline constexpr std::uint32_t kClientSocketVersion = 3;
inline constexpr std::size_t kHeaderSize = 8;
inline constexpr std::size_t kMaxServiceField = 65000;
inline constexpr std::size_t kMaxExecBody = 65535;
[[nodiscard]] constexpr std::size_t max_data_chunk(std::uint32_t version) { return version >= 3 ? 65536 : 4096; }

enum class FrameError { unknown_type, bad_length, wrong_version };
[[nodiscard]] char const* to_string(FrameError error);

struct Frame {
  MessageType type;
  ByteSpan body;  // valid until the reader is written to again
};

// Incremental: bytes in as they come, whole frames out. Holds at most one frame and one read ahead (about 192 KiB).
class FrameReader {
 public:
  explicit FrameReader(Direction direction) : direction_(direction) {}

  // Where to read to: never empty. Call commit() with what arrived.
  [[nodiscard]] std::span<std::byte> space();
  void commit(std::size_t count);
  void feed(ByteSpan bytes);

  // nullopt: more bytes are needed. After an error the stream is lost; the same error comes again.
  Result<std::optional<Frame>, FrameError> next();
  // Before HELLO nothing but HELLO is accepted; afterwards the rules of the agreed version hold.
  void agree_on(std::uint32_t version) { version_ = version; }
  // A part of a frame is waiting for its rest.
  [[nodiscard]] bool in_frame() const { return begin_ != end_; }

 private:
  Direction direction_;
  std::uint32_t version_ = 0;
  Bytes buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// The longest body that such a frame may have, and whether it may travel at all.
Result<void, FrameError> check_header(Direction direction, std::uint32_t version, std::uint32_t type, std::uint32_t length);

// Header and body.
[[nodiscard]] Bytes encode_frame(MessageType type, ByteSpan body);

}  // namespace bh::qrexec
