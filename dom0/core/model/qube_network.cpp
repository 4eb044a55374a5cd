#include "dom0/core/model/qube_network.h"

#include "base/number.h"
#include "dom0/core/model/property.h"

namespace bh::dom0 {

namespace {

Qube const* netvm_of(Inventory const& inventory, Qube const& qube) {
  std::string const name = value_of(inventory, qube, "netvm");
  return name.empty() ? nullptr : inventory.find(name);
}

}  // namespace

network::Ipv4Address address_of(Qube const& qube) {
  auto const dispid = qube.properties.find("dispid");
  if (qube.klass == QubeClass::disposable && dispid != qube.properties.end()) {
    if (auto const number = parse_decimal(dispid->second, 9999)) return network::address_of(network::DisposableNumber(static_cast<std::uint16_t>(*number)));
  }
  return network::address_of(network::QubeNumber(static_cast<std::uint16_t>(qube.qid)));
}

network::GuestNetwork network_of(Inventory const& inventory, Qube const& qube) {
  network::GuestNetwork network{address_of(qube), std::nullopt, value_of(inventory, qube, "provides_network") == "True"};
  if (Qube const* const netvm = netvm_of(inventory, qube)) network.gateway = address_of(*netvm);
  return network;
}

machine::MacAddress mac_of(Inventory const& inventory, Qube const& qube) { return network::parse_mac(value_of(inventory, qube, "mac")).value_or(network::default_mac()); }

std::optional<std::string> network_property(Inventory const& inventory, Qube const& qube, std::string_view name) {
  if (name == "ip" || name == "visible_ip") return address_of(qube).text();
  if (name == "visible_netmask") return "255.255.255.255";
  if (name == "gateway" || name == "visible_gateway") {
    Qube const* const netvm = netvm_of(inventory, qube);
    return netvm == nullptr ? "" : address_of(*netvm).text();
  }
  if (name == "dns") return netvm_of(inventory, qube) == nullptr ? "" : network::kFirstNameServer.text() + " " + network::kSecondNameServer.text();
  return std::nullopt;
}

std::optional<std::string> objection_to_netvm(Inventory const& inventory, Qube const* qube, Qube const& netvm) {
  std::string const name = netvm.name.text();
  if (value_of(inventory, netvm, "provides_network") != "True") return name + " gives no network to others; set its provides_network to True first";
  if (qube == nullptr) return std::nullopt;
  auto chain = netvm_chain(inventory, name);
  chain.insert(chain.begin(), name);
  for (auto const& further : chain) {
    if (further == qube->name.text()) return "a loop: " + name + " gets its own network from " + further;
    // A disposable that sets no netvm has that of its template, so it would follow.
    Qube const* const one = inventory.find(further);
    if (one->klass == QubeClass::disposable && !one->properties.contains("netvm") && value_of(inventory, *one, "template") == qube->name.text()) {
      return "a loop: " + further + " is made from " + qube->name.text() + " and would get network from itself";
    }
  }
  return std::nullopt;
}

std::optional<std::string> objection_to_leaving_network(Inventory const& inventory, Qube const& qube) {
  for (auto const& [name, other] : inventory.qubes()) {
    if (other.name != qube.name && value_of(inventory, other, "netvm") == qube.name.text()) return name + " uses it as netvm";
  }
  auto const set = inventory.settings().find("default_netvm");
  if (set != inventory.settings().end() && set->second == qube.name.text()) return "it is the default netvm";
  return std::nullopt;
}

std::optional<std::string> objection_to_mac(std::string_view text) {
  if (!network::parse_mac(text)) return "six bytes of one card are needed, for instance 00:16:3e:5e:6c:00";
  // A guest knows the cards towards its clients by this (hypervisor/network/addressing.h).
  if (network::parse_mac(text)->octets[0] == 0xfe && network::parse_mac(text)->octets[1] == 0xff) return "addresses that begin with fe:ff are those of netvms' cards";
  return std::nullopt;
}

}  // namespace bh::dom0
