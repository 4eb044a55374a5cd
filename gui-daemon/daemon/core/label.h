// Label: whose window this is, as the user sees it. Comes from dom0 only; no window can be made without one (R19).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hypervisor/vchan/domain.h"

namespace bh::gui {

struct Colour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;

  // "0xRRGGBB" or "#RRGGBB"
  static std::optional<Colour> parse(std::string_view text);
  [[nodiscard]] std::uint32_t rgb() const;
  // Black or white: what can be read on this colour.
  [[nodiscard]] Colour readable_text() const;
  // `part` of 256 of the way to `other`.
  [[nodiscard]] Colour towards(Colour other, std::uint32_t part) const;
  friend bool operator==(Colour const&, Colour const&) = default;
};

struct Label {
  DomainName qube;
  std::uint32_t index;  // _QUBES_LABEL: 1 red .. 8 black, 0 for a label of the user's own
  Colour colour;
  bool hatched;         // compatibility mode: isolation is not promised
};

// Number of one of the eight known labels, by name ("blue") or number ("6"); 0 for others.
[[nodiscard]] std::uint32_t label_index(std::string_view label);
// Its colour; nullopt for a label of the user's own.
[[nodiscard]] std::optional<Colour> label_colour(std::uint32_t index);

}  // namespace bh::gui
