// Bytes of a mux link to frames, a piece at a time. Both sides of a link may be hostile to each other: every byte sequence gives
// frames or LostSync, memory is bounded by one greeting, and after LostSync only a greeting is listened to.
#pragma once

#include <optional>

#include "hypervisor/vchan/mux_frame.h"

namespace bh::vchan::mux {

enum class Role { host, guest };

class Decoder {
 public:
  // Our own role: the host hears HELLO_ACK and HELLO_REQUEST, the guest hears HELLO.
  explicit Decoder(Role role) : role_(role) {}

  // The next frame, taking what it needs off the front of `input`; nullopt: all of it was used up. Ask until then.
  // Begins unsynchronised. Frames but greetings must carry the session of the last use_session(); without one, none is accepted.
  std::optional<Frame> next(ByteSpan& input);
  // To be called on a greeting, before the next frame is asked for.
  void use_session(Session session);
  // Nothing but a greeting from here on. What has been read of a frame is dropped.
  void forget_session();

 private:
  enum class State { searching, magic_at_edge, greeting_header, header, body, data };
  struct Header { FrameType type; std::uint32_t session, id, length; };

  void search(ByteSpan& input);
  bool fill(ByteSpan& input, std::size_t wanted);
  std::optional<Frame> read_header(bool greeting);
  std::optional<Frame> finish_body();
  std::optional<Frame> take_data(ByteSpan& input);
  LostSync lose(char const* reason);

  Role role_;
  State state_ = State::searching;
  std::size_t matched_ = 0;  // bytes of the magic seen so far
  std::uint32_t session_ = 0;
  Header current_{};
  std::uint32_t data_left_ = 0;
  Bytes partial_;
};

}  // namespace bh::vchan::mux
