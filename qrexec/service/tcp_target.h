// Services that are TCP connections: a link whose text is /dev/tcp[/HOST[/PORT]], the rest from the argument (qrexec.md 10.1).
// GUARD: the argument is the caller's; only what the link leaves open may be chosen by it, and only numeric hosts are connected to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bh::qrexec {

struct TcpTarget {
  std::string host;  // numeric
  std::uint16_t port;
};

// Whether the text of a link means TCP at all.
[[nodiscard]] bool is_tcp_link(std::string_view link_text);
// The error says what is missing or too much.
Result<TcpTarget, std::string> parse_tcp_target(std::string_view link_text, std::optional<std::string_view> argument);

}  // namespace bh::qrexec
