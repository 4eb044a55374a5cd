#include "hypervisor/qemu/qemu_option.h"

#include <algorithm>

#include "base/assert.h"

namespace bh::qemu {

namespace {

bool is_key(std::string_view key) {
  auto const allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return !key.empty() && std::all_of(key.begin(), key.end(), allowed);
}

// Up to the next single comma; two in a row are one of the value. The separator is consumed.
std::string next_part(std::string_view& text) {
  std::string part;
  while (!text.empty()) {
    char const c = text.front();
    text.remove_prefix(1);
    if (c == ',') {
      if (text.empty() || text.front() != ',') return part;
      text.remove_prefix(1);
    }
    part.push_back(c);
  }
  return part;
}

}  // namespace

std::string QemuOption::escaped(std::string_view value) {
  std::string text;
  for (char const c : value) {
    // QEMU's command line ends at a NUL; machine::check() keeps control characters out long before.
    BH_ASSERT(c != '\0');
    text.push_back(c);
    if (c == ',') text.push_back(',');
  }
  return text;
}

QemuOption& QemuOption::set(std::string_view key, std::string_view value) {
  BH_ASSERT(is_key(key));
  if (!text_.empty()) text_ += ',';
  text_ += key;
  text_ += '=';
  text_ += escaped(value);
  return *this;
}

std::optional<ParsedOption> parse_option(std::string_view text, bool has_head) {
  ParsedOption parsed;
  if (has_head) parsed.head = next_part(text);
  while (!text.empty()) {
    std::size_t const equals = text.find('=');
    std::size_t const comma = text.find(',');
    if (equals == std::string_view::npos || comma < equals) return std::nullopt;
    std::string key(text.substr(0, equals));
    text.remove_prefix(equals + 1);
    parsed.values.emplace_back(std::move(key), next_part(text));
  }
  return parsed;
}

}  // namespace bh::qemu
