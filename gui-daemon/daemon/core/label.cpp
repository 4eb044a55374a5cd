#include "gui-daemon/daemon/core/label.h"

#include <array>

#include "base/number.h"

namespace bh::gui {
namespace {

struct Known {
  std::string_view name;
  std::uint32_t rgb;
};
constexpr std::array kKnown{Known{"red", 0xcc0000},  Known{"orange", 0xf57900}, Known{"yellow", 0xedd400}, Known{"green", 0x73d216},
                            Known{"gray", 0x555555}, Known{"blue", 0x3465a4},   Known{"purple", 0x75507b}, Known{"black", 0x000000}};

Colour from_rgb(std::uint64_t rgb) {
  return {static_cast<std::uint8_t>(rgb >> 16), static_cast<std::uint8_t>(rgb >> 8), static_cast<std::uint8_t>(rgb)};
}

}  // namespace

std::optional<Colour> Colour::parse(std::string_view text) {
  if (text.starts_with("0x")) {
    text.remove_prefix(2);
  } else if (text.starts_with("#")) {
    text.remove_prefix(1);
  }
  if (text.size() != 6) return std::nullopt;
  auto const rgb = parse_hex(text, 0xFFFFFF);
  if (!rgb) return std::nullopt;
  return from_rgb(*rgb);
}

std::uint32_t Colour::rgb() const { return (std::uint32_t{red} << 16) | (std::uint32_t{green} << 8) | blue; }

Colour Colour::readable_text() const {
  // Weights of perceived brightness; the threshold puts white on gray and blue, black on orange, yellow and green.
  auto const brightness = 299u * red + 587u * green + 114u * blue;
  return brightness > 130'000u ? Colour{0, 0, 0} : Colour{255, 255, 255};
}

Colour Colour::towards(Colour other, std::uint32_t part) const {
  auto const mix = [part](std::uint8_t a, std::uint8_t b) { return static_cast<std::uint8_t>((a * (256 - part) + b * part) / 256); };
  return {mix(red, other.red), mix(green, other.green), mix(blue, other.blue)};
}

std::uint32_t label_index(std::string_view label) {
  for (std::uint32_t i = 0; i < kKnown.size(); ++i) {
    if (kKnown[i].name == label) return i + 1;
  }
  return static_cast<std::uint32_t>(parse_decimal(label, kKnown.size()).value_or(0));
}

std::optional<Colour> label_colour(std::uint32_t index) {
  if (index == 0 || index > kKnown.size()) return std::nullopt;
  return from_rgb(kKnown[index - 1].rgb);
}

}  // namespace bh::gui
