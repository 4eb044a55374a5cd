#include <array>
#include <cstdio>

#include "base/number.h"
#include "dom0/cli/volume_commands.h"

namespace bh::cli {

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  auto const number = parse_decimal(text.substr(0, digits));
  std::string_view const unit = text.substr(digits);
  // Powers of 1024 under either name, as the peer's tools have it.
  static constexpr std::array<std::array<std::string_view, 3>, 5> kUnits{{{"", "", "B"}, {"K", "KB", "KiB"}, {"M", "MB", "MiB"}, {"G", "GB", "GiB"}, {"T", "TB", "TiB"}}};
  for (std::size_t power = 0; power < kUnits.size(); ++power) {
    for (auto const name : kUnits[power]) {
      if (!number || unit != name) continue;
      auto const shift = static_cast<unsigned>(10 * power);
      if (*number > (UINT64_MAX >> shift)) return std::nullopt;
      return *number << shift;
    }
  }
  return std::nullopt;
}

std::string show_size(std::uint64_t bytes) {
  static constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text.data();
}

}  // namespace bh::cli
