// What a guest must know to use its cards, as keys of guest.env (docs/architecture.md, "Configuration channel").
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hypervisor/network/addressing.h"

namespace bh::network {

struct GuestNetwork {
  Ipv4Address address;                  // its own, on every card it has
  std::optional<Ipv4Address> gateway;   // of its netvm; nothing: it has none now, and may get one later
  bool provides_network = false;
};

// Keys and values, all within the alphabet of the configuration channel.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> guest_facts(GuestNetwork const& network);

}  // namespace bh::network
