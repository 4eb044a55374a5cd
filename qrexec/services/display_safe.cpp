#include "qrexec/services/display_safe.h"

#include <algorithm>
#include <iterator>
#include <optional>

namespace bh::qfile {

namespace {

struct Range {
  std::uint32_t first, last;
};
constexpr Range kSafe[] = {
#include "qrexec/services/display_safe_table.inc"
};

// One code point off the front; nullopt if the bytes are no well-formed UTF-8.
std::optional<std::uint32_t> take_code_point(std::string_view& text) {
  auto const lead = static_cast<unsigned char>(text[0]);
  std::size_t const length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (length == 0 || length > text.size()) return std::nullopt;
  std::uint32_t point = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    auto const next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return std::nullopt;
    point = point << 6 | (next & 0x3FU);
  }
  bool const overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  if (overlong || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return std::nullopt;
  text.remove_prefix(length);
  return point;
}

}  // namespace

bool safe_for_display(std::uint32_t code_point) {
  if (code_point < 0x80) return code_point >= 0x20 && code_point <= 0x7E;
  auto const after = std::upper_bound(std::begin(kSafe), std::end(kSafe), code_point,
                                      [](std::uint32_t point, Range const& range) { return point < range.first; });
  return after != std::begin(kSafe) && code_point <= std::prev(after)->last;
}

bool safe_for_display(std::string_view utf8) {
  while (!utf8.empty()) {
    auto const point = take_code_point(utf8);
    if (!point || !safe_for_display(*point)) return false;
  }
  return true;
}

}  // namespace bh::qfile
