#include "dom0/client/event.h"

namespace bh::admin {

namespace {

void put(ByteWriter& out, std::string_view text) {
  for (char const c : text) {
    if (c != '\0') out.u8(static_cast<std::uint8_t>(c));
  }
  out.u8(0);
}

// The text up to the next NUL at `position`, which then stands behind it; nullopt if there is none yet.
std::optional<std::string_view> take_field(std::string_view text, std::size_t& position) {
  std::size_t const end = text.find('\0', position);
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view const field = text.substr(position, end - position);
  position = end + 1;
  return field;
}

// The event at the start of `text` and its length; nullopt if it is not complete.
std::optional<std::pair<Event, std::size_t>> parse_frame(std::string_view text) {
  std::size_t position = 2;
  auto const subject = take_field(text, position);
  if (!subject) return std::nullopt;
  auto const name = take_field(text, position);
  if (!name) return std::nullopt;
  Event event{std::string(*subject), std::string(*name)};
  for (;;) {
    auto const key = take_field(text, position);
    if (!key) return std::nullopt;
    if (key->empty()) return std::pair{std::move(event), position};
    auto const value = take_field(text, position);
    if (!value) return std::nullopt;
    event.values.emplace_back(std::string(*key), std::string(*value));
  }
}

}  // namespace

std::optional<std::string_view> Event::value(std::string_view key) const {
  for (auto const& [name_of_value, text] : values) {
    if (name_of_value == key) return text;
  }
  return std::nullopt;
}

Bytes encode_event(Event const& event) {
  ByteWriter out;
  out.text("1").u8(0);
  put(out, event.subject);
  put(out, event.name);
  for (auto const& [key, value] : event.values) {
    put(out, key);
    put(out, value);
  }
  out.u8(0);
  return std::move(out).take();
}

char const* to_string(EventError error) {
  switch (error) {
    case EventError::not_an_event: return "bulkheadd answered with something else than events";
    case EventError::too_long: return "an event is longer than 1 MiB";
  }
  return "bad event";
}

void EventDecoder::feed(ByteSpan bytes) { pending_.append(as_text(bytes)); }

Result<std::optional<Event>, EventError> EventDecoder::next() {
  if (!pending_.empty() && pending_[0] != '1') return Failure{EventError::not_an_event};
  if (pending_.size() >= 2 && pending_[1] != '\0') return Failure{EventError::not_an_event};
  if (pending_.size() < 2) return std::optional<Event>{};
  auto parsed = parse_frame(pending_);
  if (!parsed) {
    if (pending_.size() > kMaxFrame) return Failure{EventError::too_long};
    return std::optional<Event>{};
  }
  pending_.erase(0, parsed->second);
  return std::optional<Event>(std::move(parsed->first));
}

}  // namespace bh::admin
