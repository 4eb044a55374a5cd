// Frames of the mux link between two hubs, and how they are written. Format and proofs: MUX.md. Pure: no descriptors, no time.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/strong_number.h"
#include "hypervisor/vchan/byte_queue.h"
#include "hypervisor/vchan/channel_name.h"

namespace bh::vchan::mux {

using Session = StrongNumber<struct SessionTag, std::uint32_t>;    // random, never 0
using ListenerId = StrongNumber<struct ListenerTag, std::uint32_t>;  // chosen by the side that announces
using StreamId = StrongNumber<struct StreamTag, std::uint32_t>;      // chosen by the side that opens: host even, guest odd

inline constexpr std::size_t kHeaderSize = 16;
inline constexpr std::size_t kMaxBody = 65536;
inline constexpr std::size_t kMagicSize = 16;
// No byte of it is zero, while every header begins and ends with a zero byte: the magic cannot arise across frame edges.
inline constexpr std::array<unsigned char, kMagicSize> kMagic{0xB1, 'B', 'U', 'L', 'K', 'H', 'E', 'A', 'D', '-', 'M', 'U', 'X', '1', '\r', '\n'};
inline constexpr std::uint32_t kVersion = 1;
// Zero bytes before the first greeting on a link: they complete whatever frame a dead predecessor left half sent.
inline constexpr std::size_t kPadding = kHeaderSize + kMaxBody + kMagicSize;

enum class FrameType : std::uint8_t { hello = 1, hello_ack, hello_request, announce, withdraw, open, data, credit, close };

struct Hello { Session session; std::uint32_t version; std::string config; };
struct HelloAck { Session session; std::uint32_t version; };
struct HelloRequest { std::uint32_t version; };
struct Announce { ListenerId listener; std::uint16_t server; std::uint16_t client; std::uint32_t port; };
struct Withdraw { ListenerId listener; };
struct Open { StreamId stream; ListenerId listener; };
struct DataPart { StreamId stream; ByteSpan bytes; };  // a part of a DATA body, as it came in; lives as long as the input
struct Credit { StreamId stream; std::uint32_t bytes; };
struct Close { StreamId stream; };
// What followed was not a frame of this session; the decoder is searching for the next magic.
struct LostSync { char const* reason; };
using Frame = std::variant<Hello, HelloAck, HelloRequest, Announce, Withdraw, Open, DataPart, Credit, Close, LostSync>;

// Appends frames to a queue. Greetings carry their own session.
class FrameWriter {
 public:
  explicit FrameWriter(ByteQueue& out) : out_(out) {}
  void padding();
  void hello(Session session, std::string_view config);  // precondition: at most kMaxBody bytes, without the magic
  void hello_ack(Session session);
  void hello_request();
  void announce(Session session, ListenerId listener, ChannelName const& name);
  void withdraw(Session session, ListenerId listener);
  void open(Session session, StreamId stream, ListenerId listener);
  // Any amount, cut into frames of at most kMaxBody so that none holds the magic.
  // GUARD: bytes of another qube that look like a HELLO, read by a hub that has lost its place.
  void data(Session session, StreamId stream, ByteSpan bytes);
  void credit(Session session, StreamId stream, std::uint32_t bytes);
  void close(Session session, StreamId stream);

 private:
  void header(FrameType type, std::uint32_t session, std::uint32_t id, std::size_t length);
  void u32(std::uint32_t value);
  ByteQueue& out_;
};

}  // namespace bh::vchan::mux
