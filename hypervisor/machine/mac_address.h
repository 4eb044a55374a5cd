// A network card's address. Which qube gets which is hypervisor/network's business.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace bh::machine {

struct MacAddress {
  std::array<std::uint8_t, 6> octets{};
  friend bool operator==(MacAddress const&, MacAddress const&) = default;
};

[[nodiscard]] std::string to_string(MacAddress const& address);  // "00:16:3e:5e:6c:01"

}  // namespace bh::machine
