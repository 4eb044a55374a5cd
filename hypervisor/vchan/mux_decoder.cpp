#include "hypervisor/vchan/mux_decoder.h"

#include <algorithm>
#include <cstring>


namespace bh::vchan::mux {

namespace {

enum class HeardBy { host, guest, both };

// The protocol's table: who hears it, how long its body may be, whether the magic stands before it.
struct Rule {
  FrameType type;
  HeardBy heard_by;
  std::uint32_t min_length, max_length;
  bool greeting;
};
constexpr Rule kRules[] = {
    {FrameType::hello, HeardBy::guest, 0, kMaxBody, true},     {FrameType::hello_ack, HeardBy::host, 0, 0, true},
    {FrameType::hello_request, HeardBy::host, 0, 0, true},     {FrameType::announce, HeardBy::both, 8, 8, false},
    {FrameType::withdraw, HeardBy::both, 0, 0, false},         {FrameType::open, HeardBy::both, 4, 4, false},
    {FrameType::data, HeardBy::both, 1, kMaxBody, false},      {FrameType::credit, HeardBy::both, 4, 4, false},
    {FrameType::close, HeardBy::both, 0, 0, false},
};

Rule const* rule_for(std::uint8_t type, Role role) {
  for (Rule const& rule : kRules) {
    bool const heard = rule.heard_by == HeardBy::both || (rule.heard_by == HeardBy::host) == (role == Role::host);
    if (static_cast<std::uint8_t>(rule.type) == type && heard) return &rule;
  }
  return nullptr;
}

struct RawHeader {
  std::uint8_t lead = 0, type = 0;
  std::uint16_t reserved = 0;
  std::uint32_t session = 0, id = 0, length = 0;
};

}  // namespace

void Decoder::use_session(Session session) {
  session_ = session.value();
  state_ = State::header;
  partial_.clear();
}

void Decoder::forget_session() {
  session_ = 0;
  state_ = State::searching;
  matched_ = 0;
  Bytes().swap(partial_);
}

LostSync Decoder::lose(char const* reason) {
  forget_session();
  return LostSync{reason};
}

// The magic's first byte occurs in it only once, so a mismatch never has to step back further than to it.
void Decoder::search(ByteSpan& input) {
  while (!input.empty() && matched_ < kMagicSize) {
    if (matched_ == 0) {
      void const* const found = std::memchr(input.data(), kMagic[0], input.size());
      if (found == nullptr) {
        input = {};
        return;
      }
      input = input.subspan(static_cast<std::size_t>(static_cast<std::byte const*>(found) - input.data()));
    }
    if (input.front() == std::byte{kMagic[matched_]}) {
      ++matched_;
      input = input.subspan(1);
    } else {
      matched_ = 0;
    }
  }
}

bool Decoder::fill(ByteSpan& input, std::size_t wanted) {
  std::size_t const count = std::min(wanted - partial_.size(), input.size());
  partial_.insert(partial_.end(), input.begin(), input.begin() + static_cast<std::ptrdiff_t>(count));
  input = input.subspan(count);
  return partial_.size() == wanted;
}

std::optional<Frame> Decoder::next(ByteSpan& input) {
  while (!input.empty()) {
    switch (state_) {
      case State::searching:
        search(input);
        if (matched_ == kMagicSize) state_ = State::greeting_header;
        break;
      case State::magic_at_edge:
        if (input.front() != std::byte{kMagic[matched_]}) return lose("neither a frame nor a greeting");
        input = input.subspan(1);
        if (++matched_ == kMagicSize) state_ = State::greeting_header;
        break;
      case State::header:
        if (partial_.empty() && input.front() != std::byte{0}) {
          // A greeting may come at any frame's edge.
          state_ = State::magic_at_edge;
          matched_ = 0;
          break;
        }
        [[fallthrough]];
      case State::greeting_header:
        if (fill(input, kHeaderSize)) {
          if (auto frame = read_header(state_ == State::greeting_header)) return frame;
        }
        break;
      case State::body:
        if (fill(input, current_.length)) return finish_body();
        break;
      case State::data:
        return take_data(input);
    }
  }
  return std::nullopt;
}

std::optional<Frame> Decoder::read_header(bool greeting) {
  ByteReader reader(partial_);
  RawHeader raw;
  raw.lead = *reader.u8();
  raw.type = *reader.u8();
  raw.reserved = *reader.u16_le();
  raw.session = *reader.u32_le();
  raw.id = *reader.u32_le();
  raw.length = *reader.u32_le();
  partial_.clear();
  // GUARD: types of the wrong direction, lengths beyond the type's rule, frames of a session that is over.
  Rule const* const rule = rule_for(raw.type, role_);
  if (raw.lead != 0 || raw.reserved != 0 || rule == nullptr || rule->greeting != greeting) return lose("unknown kind of frame");
  if (raw.length < rule->min_length || raw.length > rule->max_length) return lose("a frame's length is not its kind's");
  bool const request = rule->type == FrameType::hello_request;
  if (greeting ? (raw.session == 0) != request : raw.session != session_ || session_ == 0) return lose("frame of another session");
  current_ = Header{rule->type, raw.session, raw.id, raw.length};
  if (rule->type == FrameType::data) {
    state_ = State::data;
    data_left_ = raw.length;
    return std::nullopt;
  }
  state_ = State::body;
  if (raw.length == 0) return finish_body();
  return std::nullopt;
}

std::optional<Frame> Decoder::take_data(ByteSpan& input) {
  std::size_t const count = std::min<std::size_t>(data_left_, input.size());
  DataPart const part{StreamId(current_.id), input.first(count)};
  input = input.subspan(count);
  data_left_ -= static_cast<std::uint32_t>(count);
  if (data_left_ == 0) state_ = State::header;
  return part;
}

std::optional<Frame> Decoder::finish_body() {
  Bytes const body = std::exchange(partial_, {});
  ByteReader reader(body);
  state_ = State::header;
  switch (current_.type) {
    case FrameType::hello: {
      // Nothing else may follow until the engine has taken the session up.
      session_ = 0;
      return Hello{Session(current_.session), current_.id, std::string(as_text(body))};
    }
    case FrameType::hello_ack: return HelloAck{Session(current_.session), current_.id};
    case FrameType::hello_request: return HelloRequest{current_.id};
    case FrameType::announce:
      return Announce{ListenerId(current_.id), *reader.u16_le(), *reader.u16_le(), *reader.u32_le()};
    case FrameType::withdraw: return Withdraw{ListenerId(current_.id)};
    case FrameType::open: return Open{StreamId(current_.id), ListenerId(*reader.u32_le())};
    case FrameType::credit: return Credit{StreamId(current_.id), *reader.u32_le()};
    case FrameType::close: return Close{StreamId(current_.id)};
    case FrameType::data: break;  // never collected
  }
  return lose("unknown kind of frame");
}

}  // namespace bh::vchan::mux
