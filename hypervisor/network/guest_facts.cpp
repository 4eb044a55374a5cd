#include "hypervisor/network/guest_facts.h"

namespace bh::network {

std::vector<std::pair<std::string, std::string>> guest_facts(GuestNetwork const& network) {
  std::vector<std::pair<std::string, std::string>> facts{{"NETWORK_ADDRESS", network.address.text()}};
  // A gateway is named even where there is no netvm yet: a card may come later, and what it is called does not matter on a wire with two
  // ends (far_mac), so a qube without one takes an address that nobody else can have.
  facts.emplace_back("NETWORK_GATEWAY", network.gateway.value_or(address_of(QubeNumber(0))).text());
  facts.emplace_back("NETWORK_DNS", kFirstNameServer.text() + "," + kSecondNameServer.text());
  if (network.provides_network) facts.emplace_back("NETWORK_PROVIDES", "1");
  return facts;
}

}  // namespace bh::network
