// Who has which address: a pure function of the qubes' own numbers, as in Qubes, so that no qube asks anybody for an address (no DHCP).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/strong_number.h"
#include "hypervisor/machine/mac_address.h"
#include "hypervisor/network/ipv4_address.h"

namespace bh::network {

using QubeNumber = StrongNumber<struct QubeNumberTag, std::uint16_t>;              // qid
using DisposableNumber = StrongNumber<struct DisposableNumberTag, std::uint16_t>;  // dispid

// 10.137.hi.lo; disposables, whose numbers are another row, 10.138.hi.lo.
[[nodiscard]] Ipv4Address address_of(QubeNumber number);
[[nodiscard]] Ipv4Address address_of(DisposableNumber number);

// What every qube asks; the netvm at the end of the chain sends it on to the real ones (by NAT; with issue 7).
inline constexpr Ipv4Address kFirstNameServer{{10, 139, 1, 1}};
inline constexpr Ipv4Address kSecondNameServer{{10, 139, 1, 2}};

// The card of a qube that sets none: the same for all, since no two of them ever share a wire, and a site must not tell qubes apart by it.
[[nodiscard]] machine::MacAddress default_mac();
// The card at the netvm's end of the wire to `client`: fe:ff and the client's address. So both guests know, from facts that dom0 alone
// sets, whom they talk to: the netvm learns its client's address from its own new card, and the client needs no ARP for its gateway.
[[nodiscard]] machine::MacAddress far_mac(Ipv4Address client);
// "00:16:3e:5e:6c:00", either case. Not all zero, and not a group's: a card with such an address would be none.
[[nodiscard]] std::optional<machine::MacAddress> parse_mac(std::string_view text);

}  // namespace bh::network
