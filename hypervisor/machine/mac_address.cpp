#include "hypervisor/machine/mac_address.h"

namespace bh::machine {

std::string to_string(MacAddress const& address) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::uint8_t const octet : address.octets) {
    if (!text.empty()) text += ':';
    text += kDigits[octet >> 4];
    text += kDigits[octet & 0xF];
  }
  return text;
}

}  // namespace bh::machine
