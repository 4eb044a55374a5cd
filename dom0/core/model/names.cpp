#include "dom0/core/model/names.h"

#include <sys/random.h>

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace bh::dom0 {

namespace {

bool alphanumeric(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool made_of(std::string_view text, std::string_view extra, std::size_t limit) {
  return !text.empty() && text.size() <= limit && std::all_of(text.begin(), text.end(), [extra](char c) {
    return alphanumeric(c) || extra.find(c) != std::string_view::npos;
  });
}

bool dash_place(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

bool FeatureNameRule::allows(std::string_view text) { return made_of(text, "_.-", 255); }
bool TagRule::allows(std::string_view text) { return made_of(text, "_-", 255); }
bool PoolNameRule::allows(std::string_view text) {
  return made_of(text, "_.-", 63) && alphanumeric(text.front());
}
bool LabelNameRule::allows(std::string_view text) { return made_of(text, "_.-", 63); }

bool FeatureValueRule::allows(std::string_view text) {
  return text.size() <= 16384 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

bool UuidRule::allows(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    bool const hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash_place(i) ? c != '-' : !hex) return false;
  }
  return true;
}

Uuid nil_uuid() { return *Uuid::parse("00000000-0000-0000-0000-000000000000"); }

Uuid random_uuid() {
  std::array<unsigned char, 16> random{};
  BH_ASSERT(::getrandom(random.data(), random.size(), 0) == static_cast<ssize_t>(random.size()));
  random[6] = static_cast<unsigned char>((random[6] & 0x0F) | 0x40);
  random[8] = static_cast<unsigned char>((random[8] & 0x3F) | 0x80);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (unsigned char const byte : random) {
    if (dash_place(text.size())) text += '-';
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0x0FU];
  }
  return *Uuid::parse(text);
}

}  // namespace bh::dom0
