// Which wires must go and which must come: a pure function of what is wanted (netvm properties), what can have wires (machines that
// run and have acknowledged their reseed) and what is there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hypervisor/machine/machine_spec.h"
#include "hypervisor/vchan/domain.h"

namespace bh::network {

// Slot 0 of a machine is for the card towards its own netvm, the others are for its clients.
using machine::WireSlot;
inline constexpr WireSlot kUplinkSlot{0};

// A machine that may have cards now. One that is starting, stopping or unseeded is not in the list.
struct Station {
  std::string name;
  DomainId domain;                   // of this run: a qube started again is another
  std::string netvm;                 // empty: none
  bool provides_network = false;
  machine::WireCount wires{1};       // all its slots, the uplink's included
  std::vector<WireSlot> busy = {};   // slots with a card that the guest has not let go of yet
};

struct PlannedWire {
  DomainId client;
  DomainId netvm;
  WireSlot netvm_slot;
  friend bool operator==(PlannedWire const&, PlannedWire const&) = default;
};

struct WirePlan {
  // First of all: taken from whichever end is still there, so that slots become free.
  std::vector<PlannedWire> remove;
  std::vector<PlannedWire> add;
  // What is wanted and cannot be, in words for the log.
  std::vector<std::string> problems;
};

[[nodiscard]] WirePlan plan_wires(std::vector<Station> const& stations, std::vector<PlannedWire> const& present);

}  // namespace bh::network
