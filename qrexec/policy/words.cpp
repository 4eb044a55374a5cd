#include "qrexec/policy/words.h"

#include <cstdint>

namespace bh::policy {
namespace {

struct Decoded {
  std::uint32_t code = 0;
  std::size_t size = 0;  // 0: not UTF-8
};

std::uint8_t byte_at(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

Decoded decode(std::string_view text, std::size_t at) {
  std::uint8_t const first = byte_at(text, at);
  if (first < 0x80) return {first, 1};
  std::size_t const size = (first & 0xE0) == 0xC0 ? 2 : (first & 0xF0) == 0xE0 ? 3 : (first & 0xF8) == 0xF0 ? 4 : 0;
  if (size == 0 || text.size() - at < size) return {};
  std::uint32_t code = first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    std::uint8_t const next = byte_at(text, at + i);
    if ((next & 0xC0) != 0x80) return {};
    code = (code << 6) | (next & 0x3FU);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  bool const surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kLeast[size] || code > 0x10FFFF || surrogate) return {};
  return {code, size};
}

bool is_blank(std::uint32_t code) {
  if (code <= 0x20) return code == 0x20 || (code >= 0x09 && code <= 0x0D) || (code >= 0x1C && code <= 0x1F);
  return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
         code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

}  // namespace

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    Decoded const next = decode(text, at);
    if (next.size == 0) return at;
    at += next.size;
  }
  return std::nullopt;
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    std::size_t const end = text.find_first_of("\r\n");
    if (end == std::string_view::npos) {
      lines.push_back(text);
      break;
    }
    lines.push_back(text.substr(0, end));
    bool const pair = text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n';
    text.remove_prefix(end + (pair ? 2 : 1));
  }
  return lines;
}

std::vector<Word> split_words(std::string_view line) {
  std::vector<Word> words;
  std::optional<std::size_t> start;
  for (std::size_t at = 0; at < line.size();) {
    Decoded const next = decode(line, at);
    std::size_t const size = next.size == 0 ? 1 : next.size;
    if (next.size != 0 && is_blank(next.code)) {
      if (start) words.push_back({line.substr(*start, at - *start), *start + 1});
      start.reset();
    } else if (!start) {
      start = at;
    }
    at += size;
  }
  if (start) words.push_back({line.substr(*start), *start + 1});
  return words;
}

}  // namespace bh::policy
