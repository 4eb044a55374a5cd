// Text of another domain made fit to be shown: on a terminal, in a log, in a title. Only printable ASCII survives.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bh {

// Every byte outside 0x20..0x7E becomes '_'; cut to `limit` bytes. GUARD: escape sequences, bidi overrides, forged log lines.
[[nodiscard]] std::string for_display(std::string_view untrusted, std::size_t limit = 1024);
// The same, but tab, line feed, carriage return, backspace and bell stay: what a terminal may show of a program's output.
[[nodiscard]] std::string for_terminal(std::string_view untrusted);

}  // namespace bh
