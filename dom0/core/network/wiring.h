// Wiring: keeps the wires between running machines as the netvm properties want them. It makes the socket pairs, hands one end to each
// machine and remembers which card is where, also across a bulkheadd that is killed. What it decides is hypervisor/network/wire_plan.h.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/paths.h"
#include "dom0/core/network/wire_record.h"
#include "hypervisor/machine/machine.h"
#include "hypervisor/network/addressing.h"
#include "hypervisor/network/wire_plan.h"

namespace bh::dom0 {

// A machine that may have cards now: it runs, and its guest has acknowledged its reseed.
struct WiredMachine {
  network::Station station;
  network::Ipv4Address address;
  machine::MacAddress mac;
  machine::Machine& machine;
};

class Wiring {
 public:
  struct Hooks {
    std::function<std::vector<WiredMachine>()> machines;
    // Calls back after a while.
    std::function<void(std::chrono::milliseconds, std::function<void()>)> after;
    // For the log and the event: the qube and what cannot be.
    std::function<void(std::string const& qube, std::string const& text)> problem;
  };
  Wiring(std::filesystem::path record, Hooks hooks) : file_(std::move(record)), hooks_(std::move(hooks)) {}

  // What an earlier bulkheadd had wired; before the first update(), once its machines are taken over.
  void adopt();
  // Does what is to be done. After every change: a machine came or went, a netvm property was set.
  void update();
  // From the machines' owner, for each of their events.
  void on_event(DomainId machine, machine::MachineEvent const& event);

  [[nodiscard]] std::vector<network::PlannedWire> const& wires() const { return wires_; }

 private:
  using Place = std::pair<DomainId, network::WireSlot>;
  void remove(network::PlannedWire const& wire, std::vector<WiredMachine> const& machines);
  void add(network::PlannedWire const& wire, std::vector<WiredMachine> const& machines);
  void unplug(Place place, std::vector<WiredMachine> const& machines);
  Result<void> plug(Place place, UniqueFd socket, machine::MacAddress const& mac, std::vector<WiredMachine> const& machines);
  void card_gone(Place place);
  [[nodiscard]] std::optional<network::PlannedWire> wire_at(Place place) const;
  // All wires of the machine's cards that are in this state.
  void give_up(DomainId machine, CardState state, std::string const& text);
  // Taken away and not tried again by itself.
  void give_up(network::PlannedWire const& wire, std::string const& text);
  void save() const;

  std::filesystem::path file_;
  Hooks hooks_;
  std::vector<network::PlannedWire> wires_;
  std::map<Place, CardState> cards_;
  std::set<std::pair<DomainId, DomainId>> given_up_;  // client, netvm
  std::vector<std::string> told_;                     // problems that last as long as nothing changes
};

}  // namespace bh::dom0
