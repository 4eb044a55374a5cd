#include "hypervisor/personal/message.h"

#include <algorithm>
#include <array>

#include "base/display_text.h"

namespace bh::personal {

namespace {

constexpr std::string_view kMagic = "BHPERS1\n";
constexpr std::size_t kOrdersHeader = kMagic.size() + 4;
constexpr std::size_t kFixedBody = 8 + 2;
constexpr std::size_t kMaxBody = kFixedBody + kMaxEntropy + vchan::GuestConfig::kMaxSize;
// 2000 and 2554: what a clock can be set to; earlier or later is no time but a mistake.
constexpr std::uint64_t kEarliest = 946'684'800'000'000'000;
constexpr std::uint64_t kLatest = 18'400'000'000'000'000'000U;

constexpr std::size_t kReplyHeader = 3;
enum Kind : std::uint8_t { kReseeded = 1, kPersonalised = 2, kFailed = 3 };

Result<Orders, OrdersError> read_body(ByteSpan body) {
  ByteReader reader(body);
  auto const time = reader.u64_le();
  auto const size = reader.u16_le();
  if (!time || !size) return Failure{OrdersError::bad_length};
  if (*time < kEarliest || *time > kLatest) return Failure{OrdersError::bad_time};
  if (*size < kMinEntropy || *size > kMaxEntropy) return Failure{OrdersError::bad_entropy};
  auto const entropy = reader.take(*size);
  if (!entropy) return Failure{OrdersError::bad_length};
  auto config = vchan::GuestConfig::parse(as_text(reader.rest()));
  if (!config) return Failure{OrdersError::bad_config};
  return Orders{Bytes(entropy->begin(), entropy->end()), *time, *std::move(config)};
}

}  // namespace

char const* to_string(OrdersError error) {
  switch (error) {
    case OrdersError::not_ours: return "the orders do not begin as they should";
    case OrdersError::bad_length: return "the orders' length is impossible";
    case OrdersError::bad_entropy: return "the orders hold too little or too much entropy";
    case OrdersError::bad_time: return "the orders hold no time of this age";
    case OrdersError::bad_config: return "the orders' configuration is malformed";
  }
  return "bad orders";
}

char const* to_string(ReplyError error) {
  switch (error) {
    case ReplyError::unknown_kind: return "a reply of an unknown kind";
    case ReplyError::bad_length: return "a reply's length is not its kind's";
    case ReplyError::out_of_order: return "a reply out of order";
  }
  return "bad reply";
}

Bytes encode(Orders const& orders) {
  ByteWriter body;
  body.u64_le(orders.time_ns);
  body.u16_le(static_cast<std::uint16_t>(orders.entropy.size()));
  body.bytes(orders.entropy);
  body.text(orders.config.text());
  ByteWriter message;
  message.text(kMagic).u32_le(static_cast<std::uint32_t>(body.size())).bytes(body.view());
  return message.take();
}

Result<std::optional<Orders>, OrdersError> OrdersReader::add(ByteSpan bytes) {
  // One message and no more is ever held, whatever is offered.
  std::size_t const room = kOrdersHeader + kMaxBody + 1 - std::min(held_.size(), kOrdersHeader + kMaxBody + 1);
  ByteSpan const taken = bytes.first(std::min(bytes.size(), room));
  held_.insert(held_.end(), taken.begin(), taken.end());
  std::size_t const known = std::min(held_.size(), kMagic.size());
  if (as_text(held_).substr(0, known) != kMagic.substr(0, known)) return Failure{OrdersError::not_ours};
  if (held_.size() < kOrdersHeader) return std::optional<Orders>{};
  ByteReader reader(ByteSpan(held_).subspan(kMagic.size()));
  std::size_t const length = *reader.u32_le();
  if (length < kFixedBody + kMinEntropy || length > kMaxBody) return Failure{OrdersError::bad_length};
  if (reader.left() < length) return std::optional<Orders>{};
  if (reader.left() > length) return Failure{OrdersError::bad_length};
  auto orders = read_body(reader.rest());
  if (!orders) return Failure{orders.error()};
  return std::optional(*std::move(orders));
}

Bytes encode(Reply const& reply) {
  ByteWriter writer;
  auto const* const failed = std::get_if<Failed>(&reply);
  std::string const text = failed == nullptr ? std::string() : for_display(failed->text, kMaxFailureText);
  Kind const kind = failed != nullptr ? kFailed : std::holds_alternative<Reseeded>(reply) ? kReseeded : kPersonalised;
  writer.u8(kind).u16_le(static_cast<std::uint16_t>(text.size())).text(text);
  return writer.take();
}

Result<std::optional<Reply>, ReplyError> ReplyReader::next(ByteSpan& input) {
  auto const fill = [&](std::size_t wanted) {
    std::size_t const count = std::min(wanted - std::min(wanted, held_.size()), input.size());
    held_.insert(held_.end(), input.begin(), input.begin() + static_cast<std::ptrdiff_t>(count));
    input = input.subspan(count);
    return held_.size() >= wanted;
  };
  if (state_ == State::ended) {
    if (input.empty()) return std::optional<Reply>{};
    return Failure{ReplyError::out_of_order};
  }
  if (!fill(kReplyHeader)) return std::optional<Reply>{};
  ByteReader reader(held_);
  std::uint8_t const kind = *reader.u8();
  std::size_t const length = *reader.u16_le();
  if (kind < kReseeded || kind > kFailed) return Failure{ReplyError::unknown_kind};
  // GUARD: a length is believed only up to what a line of words needs.
  if (length > (kind == kFailed ? kMaxFailureText : 0)) return Failure{ReplyError::bad_length};
  if (!fill(kReplyHeader + length)) return std::optional<Reply>{};
  std::string const text = for_display(as_text(ByteSpan(held_).subspan(kReplyHeader)), kMaxFailureText);
  held_.clear();
  State const expected = kind == kPersonalised ? State::reseeded : State::fresh;
  if (kind != kFailed && state_ != expected) return Failure{ReplyError::out_of_order};
  state_ = kind == kReseeded ? State::reseeded : State::ended;
  if (kind == kFailed) return std::optional<Reply>(Failed{text});
  return kind == kReseeded ? std::optional<Reply>(Reseeded{}) : std::optional<Reply>(Personalised{});
}

}  // namespace bh::personal
