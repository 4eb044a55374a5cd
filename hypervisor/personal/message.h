// What dom0 and a clone say to each other at port 511, once in the clone's life: orders one way, up to two replies the other. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "hypervisor/vchan/channel_name.h"
#include "hypervisor/vchan/guest_config.h"

namespace bh::personal {

inline constexpr vchan::Port kPort{511};
inline constexpr std::size_t kMinEntropy = 64;
inline constexpr std::size_t kMaxEntropy = 256;
inline constexpr std::size_t kMaxFailureText = 300;

// To the clone.
struct Orders {
  Bytes entropy;                    // of dom0's generator, used for nothing else
  std::uint64_t time_ns = 0;        // since 1970
  vchan::GuestConfig config;        // the clone's guest.env
};
// 8 bytes "BHPERS1\n", u32 length of the rest, u64 time_ns, u16 size of the entropy, the entropy, the configuration's text. Little-endian.
[[nodiscard]] Bytes encode(Orders const& orders);

enum class OrdersError { not_ours, bad_length, bad_entropy, bad_time, bad_config };
[[nodiscard]] char const* to_string(OrdersError error);

// Collects what arrives; holds no more than one message.
class OrdersReader {
 public:
  // nullopt: there is more to come. After orders or an error it is of no more use.
  Result<std::optional<Orders>, OrdersError> add(ByteSpan bytes);

 private:
  Bytes held_;
};

// From the clone: Reseeded, then Personalised; or at any place Failed, which is the last.
struct Reseeded {};
struct Personalised {};
struct Failed { std::string text; };
using Reply = std::variant<Reseeded, Personalised, Failed>;
// u8 kind (1, 2, 3), u16 length of the text (0 but for Failed), the text.
[[nodiscard]] Bytes encode(Reply const& reply);

enum class ReplyError { unknown_kind, bad_length, out_of_order };
[[nodiscard]] char const* to_string(ReplyError error);

// The host's side of it. GUARD: the clone is hostile; it can say five bytes and one short line, whose characters a terminal can bear.
class ReplyReader {
 public:
  // Takes bytes off the front; nullopt: all of them are used and there is more to come.
  Result<std::optional<Reply>, ReplyError> next(ByteSpan& input);
  // Nothing more may be said.
  [[nodiscard]] bool ended() const { return state_ == State::ended; }

 private:
  enum class State { fresh, reseeded, ended };
  State state_ = State::fresh;
  Bytes held_;
};

}  // namespace bh::personal
