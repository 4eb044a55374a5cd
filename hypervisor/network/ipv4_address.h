// Ipv4Address: a value that knows its text.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

namespace bh::network {

class Ipv4Address {
 public:
  using Bytes = std::array<std::uint8_t, 4>;
  explicit constexpr Ipv4Address(Bytes const& bytes) : bytes_(bytes) {}
  [[nodiscard]] constexpr Bytes const& bytes() const { return bytes_; }
  [[nodiscard]] std::string text() const {
    std::string text;
    for (std::uint8_t const byte : bytes_) text += (text.empty() ? "" : ".") + std::to_string(byte);
    return text;
  }
  friend auto operator<=>(Ipv4Address const&, Ipv4Address const&) = default;

 private:
  Bytes bytes_;
};

}  // namespace bh::network
