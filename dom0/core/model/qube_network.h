// A qube's place in the network, worked out from the model: its addresses, and which netvm it may have.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "dom0/client/reply.h"
#include "dom0/core/model/inventory.h"
#include "hypervisor/machine/mac_address.h"
#include "hypervisor/network/guest_facts.h"

namespace bh::dom0 {

[[nodiscard]] network::Ipv4Address address_of(Qube const& qube);
[[nodiscard]] network::GuestNetwork network_of(Inventory const& inventory, Qube const& qube);
[[nodiscard]] machine::MacAddress mac_of(Inventory const& inventory, Qube const& qube);

// ip, gateway, dns, visible_ip...: served as properties, never set. nullopt: none of these.
[[nodiscard]] std::optional<std::string> network_property(Inventory const& inventory, Qube const& qube, std::string_view name);

// Why `netvm` cannot be that of `qube`, in words: it provides no network, or there would be a loop. `qube` is null for default_netvm.
[[nodiscard]] std::optional<std::string> objection_to_netvm(Inventory const& inventory, Qube const* qube, Qube const& netvm);
// Why a qube cannot stop providing network: somebody uses it.
[[nodiscard]] std::optional<std::string> objection_to_leaving_network(Inventory const& inventory, Qube const& qube);
// Why a card cannot have this address.
[[nodiscard]] std::optional<std::string> objection_to_mac(std::string_view text);

}  // namespace bh::dom0
