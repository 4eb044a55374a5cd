#include "base/number.h"

#include <charconv>

namespace bh {

namespace {
std::optional<std::uint64_t> parse(std::string_view text, std::uint64_t max, int base) {
  if (text.empty() || text.front() == '-' || text.front() == '+') return std::nullopt;
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}
}  // namespace

std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t max) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return parse(text, max, 10);
}

std::optional<std::uint64_t> parse_hex(std::string_view text, std::uint64_t max) { return parse(text, max, 16); }

}  // namespace bh
