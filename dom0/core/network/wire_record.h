// What a later bulkheadd must know of the wires: run/wires.json. Domains are never reused, so a record of machines that are gone says nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "hypervisor/network/wire_plan.h"

namespace bh::dom0 {

enum class CardState { coming, there, going };

struct CardRecord {
  DomainId machine;
  network::WireSlot slot;
  CardState state = CardState::there;
  friend bool operator==(CardRecord const&, CardRecord const&) = default;
};

struct WireRecord {
  std::vector<network::PlannedWire> wires;
  std::vector<CardRecord> cards;
  friend bool operator==(WireRecord const&, WireRecord const&) = default;
};

[[nodiscard]] std::string format_wires(WireRecord const& record);
[[nodiscard]] Result<WireRecord> parse_wires(std::string_view json);

}  // namespace bh::dom0
