#include "hypervisor/network/wire_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace bh::network {

namespace {

using ByName = std::map<std::string, Station const*>;

// The netvm a station should be wired to right now, if it can be.
Station const* wanted_netvm(Station const& client, ByName const& by_name) {
  if (client.netvm.empty() || client.wires.value() == 0 || client.netvm == client.name) return nullptr;
  auto const found = by_name.find(client.netvm);
  return found != by_name.end() && found->second->provides_network ? found->second : nullptr;
}

std::optional<WireSlot> lowest_free(std::set<WireSlot> const& taken, machine::WireCount wires) {
  for (std::uint16_t number = 1; number < wires.value(); ++number) {
    if (!taken.contains(WireSlot(number))) return WireSlot(number);
  }
  return std::nullopt;
}

}  // namespace

WirePlan plan_wires(std::vector<Station> const& stations, std::vector<PlannedWire> const& present) {
  WirePlan plan;
  ByName by_name;
  for (auto const& station : stations) by_name[station.name] = &station;
  std::map<DomainId, Station const*> wanted;  // client -> its netvm
  std::map<DomainId, std::set<WireSlot>> taken;
  for (auto const& station : stations) {
    if (auto const* const netvm = wanted_netvm(station, by_name)) wanted[station.domain] = netvm;
    taken[station.domain].insert(station.busy.begin(), station.busy.end());
  }
  for (auto const& wire : present) {
    auto const want = wanted.find(wire.client);
    if (want == wanted.end() || want->second->domain != wire.netvm) {
      plan.remove.push_back(wire);
      continue;
    }
    taken[wire.netvm].insert(wire.netvm_slot);
    wanted.erase(want);
  }
  // In the order of the list, so that the same facts always give the same plan.
  for (auto const& station : stations) {
    auto const want = wanted.find(station.domain);
    if (want == wanted.end()) continue;
    // Its old card is on its way out: the plan made when it has gone has the new wire.
    if (taken[station.domain].contains(kUplinkSlot)) continue;
    auto& slots = taken[want->second->domain];
    auto const slot = lowest_free(slots, want->second->wires);
    if (!slot) {
      plan.problems.push_back(station.name + " gets no network: " + want->second->name + " has no free card for it (" + std::to_string(slots.size()) + " in use)");
      continue;
    }
    slots.insert(*slot);
    plan.add.push_back({station.domain, want->second->domain, *slot});
  }
  return plan;
}

}  // namespace bh::network
