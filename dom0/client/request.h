// The request frame of the Admin API (admin-api.md 1.1): METHOD[+ARG] SP SOURCE SP TYPE SP DEST NUL PAYLOAD, at most 64 KiB.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/untrusted.h"

namespace bh::admin {

inline constexpr std::size_t kMaxRequest = 65536;

// A call as our own programs make it.
struct Call {
  std::string method;
  std::string argument = {};
  std::string destination = "dom0";
  std::string payload = {};
};

// A call as it came in. Only the method's name is looked up in a table; all else is a caller's text until a handler parsed it.
struct IncomingCall {
  std::string method;
  Untrusted<std::string> argument;
  Untrusted<std::string> source;
  Untrusted<std::string> destination;
  Untrusted<std::string> payload;
};

enum class FrameError { too_long, no_header_end, too_few_words, bad_destination_type };
[[nodiscard]] char const* to_string(FrameError error);

// nullopt-like failure: the call does not fit into one request, or a part holds a blank or NUL.
[[nodiscard]] Result<Bytes, FrameError> encode_call(Call const& call, std::string_view source = "dom0");
[[nodiscard]] Result<IncomingCall, FrameError> parse_call(ByteSpan request);

}  // namespace bh::admin
