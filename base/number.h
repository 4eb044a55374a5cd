// Decimal and hexadecimal text to numbers: the whole text or nothing, no sign, no blanks, no leading zero, range checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bh {

// 0..max; nullopt for anything else.
[[nodiscard]] std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t max = UINT64_MAX);
// Hex digits without prefix, 1..16 of them.
[[nodiscard]] std::optional<std::uint64_t> parse_hex(std::string_view text, std::uint64_t max = UINT64_MAX);

}  // namespace bh
