// The reply frames of the Admin API (admin-api.md 1.2, 1.3): `0\0` content, `2\0` exception, nothing at all for a broken call.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace bh::admin {

// An exception by the peer project's name ("QubesVMNotFoundError"), with its message as a person reads it.
struct Exception {
  std::string type;
  std::string message;
  friend bool operator==(Exception const&, Exception const&) = default;
};

// Content, or why there is none.
using Reply = Result<std::string, Exception>;

[[nodiscard]] Bytes encode_reply(Reply const& reply);

inline constexpr std::size_t kMaxReply = 16U << 20U;
// A whole reply, read to its end. An empty one is QubesDaemonAccessError, as with the peer's clients.
[[nodiscard]] Reply parse_reply(ByteSpan frame);

}  // namespace bh::admin
