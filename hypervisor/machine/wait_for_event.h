// For tools and tests without an event loop: wait for one kind of event with a deadline.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/posix_io.h"
#include "hypervisor/machine/machine.h"

namespace bh::machine {

// Handles the machine's events until `wanted` accepts one, which is returned. An error at the deadline, and when the machine stops or
// its control connection is lost before. `seen`, if given, gets every event on the way.
Result<MachineEvent> wait_for_event(Machine& machine, std::function<bool(MachineEvent const&)> const& wanted, Deadline deadline,
                                    std::vector<MachineEvent>* seen = nullptr);

template <class Kind>
Result<Kind> wait_for_event(Machine& machine, Deadline deadline) {
  auto const is_kind = [](MachineEvent const& event) { return std::holds_alternative<Kind>(event); };
  BH_TRY(event, wait_for_event(machine, is_kind, deadline));
  return std::get<Kind>(event);
}

// One line for logs.
[[nodiscard]] std::string describe(MachineEvent const& event);

}  // namespace bh::machine
