#include "hypervisor/network/addressing.h"

#include <algorithm>

#include "base/number.h"

namespace bh::network {

using machine::MacAddress;

namespace {

Ipv4Address in_row(std::uint8_t row, std::uint16_t number) {
  return Ipv4Address({10, row, static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number & 0xFFU)});
}

}  // namespace

Ipv4Address address_of(QubeNumber number) { return in_row(137, number.value()); }
Ipv4Address address_of(DisposableNumber number) { return in_row(138, number.value()); }

MacAddress default_mac() { return {{0x00, 0x16, 0x3e, 0x5e, 0x6c, 0x00}}; }

MacAddress far_mac(Ipv4Address client) {
  auto const& ip = client.bytes();
  return {{0xfe, 0xff, ip[0], ip[1], ip[2], ip[3]}};
}

std::optional<MacAddress> parse_mac(std::string_view text) {
  MacAddress address;
  auto& octets = address.octets;
  if (text.size() != octets.size() * 3 - 1) return std::nullopt;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (i > 0 && text[i * 3 - 1] != ':') return std::nullopt;
    auto const value = parse_hex(text.substr(i * 3, 2), 0xFF);
    if (!value) return std::nullopt;
    octets[i] = static_cast<std::uint8_t>(*value);
  }
  bool const zero = std::all_of(octets.begin(), octets.end(), [](std::uint8_t octet) { return octet == 0; });
  if (zero || (octets[0] & 1U) != 0) return std::nullopt;
  return address;
}

}  // namespace bh::network
