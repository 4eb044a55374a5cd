// Event frames of the Admin API (admin-api.md 1.4): `1\0` subject NUL event NUL (key NUL value NUL)... NUL, on streaming methods.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace bh::admin {

struct Event {
  std::string subject;  // a qube's name; empty for global events
  std::string name;
  std::vector<std::pair<std::string, std::string>> values = {};

  [[nodiscard]] std::optional<std::string_view> value(std::string_view key) const;
  friend bool operator==(Event const&, Event const&) = default;
};

// NUL bytes in a part are dropped: they would forge a field.
[[nodiscard]] Bytes encode_event(Event const& event);

enum class EventError { not_an_event, too_long };
[[nodiscard]] char const* to_string(EventError error);

// Fed with bytes as they come, gives whole events. After an error the connection is of no more use.
class EventDecoder {
 public:
  static constexpr std::size_t kMaxFrame = 1U << 20U;

  void feed(ByteSpan bytes);
  // nullopt: more bytes are needed.
  [[nodiscard]] Result<std::optional<Event>, EventError> next();

 private:
  std::string pending_;
};

}  // namespace bh::admin
