#include "hypervisor/machine/wait_for_event.h"

#include <cerrno>
#include <optional>

namespace bh::machine {

std::string describe(MachineEvent const& event) {
  struct Describe {
    std::string operator()(MachineUp const&) const { return "up"; }
    std::string operator()(MachineRestored const& restored) const {
      return "restored: memory copied in " + std::to_string(restored.copy.count()) + " ms, state loaded in " + std::to_string(restored.load.count()) + " ms";
    }
    std::string operator()(MachinePaused const&) const { return "paused"; }
    std::string operator()(MachineResumed const&) const { return "resumed"; }
    std::string operator()(MachinePanicked const&) const { return "the guest's kernel panicked"; }
    std::string operator()(RequestFailed const& failed) const { return "request failed: " + failed.text; }
    std::string operator()(MachineSaved const& saved) const { return "saved: " + std::to_string(saved.memory.value()) + " bytes of memory"; }
    std::string operator()(VolumeResized const& resized) const { return std::string(to_string(resized.volume)) + " volume resized"; }
    std::string operator()(VolumeFull const& full) const { return std::string("no space for the ") + to_string(full.volume) + " volume"; }
    std::string operator()(VolumeFailed const& failed) const { return std::string(to_string(failed.volume)) + " volume failed: " + failed.text; }
    std::string operator()(WireAttached const& wire) const { return "wire " + std::to_string(wire.slot.value()) + " attached"; }
    std::string operator()(WireDetached const& wire) const { return "wire " + std::to_string(wire.slot.value()) + " detached"; }
    std::string operator()(BalloonChanged const& balloon) const { return "balloon leaves " + std::to_string(balloon.left.value()) + " bytes"; }
    std::string operator()(MonitorLost const& lost) const { return "monitor lost: " + lost.text; }
    std::string operator()(MachineStopped const& stopped) const {
      return std::string("stopped: ") + to_string(stopped.reason) + (stopped.text.empty() ? "" : ", " + stopped.text);
    }
  };
  return std::visit(Describe{}, event);
}

Result<MachineEvent> wait_for_event(Machine& machine, std::function<bool(MachineEvent const&)> const& wanted, Deadline deadline,
                                    std::vector<MachineEvent>* seen) {
  for (;;) {
    std::optional<MachineEvent> found;
    for (auto const& event : machine.handle()) {
      if (seen != nullptr) seen->push_back(event);
      if (!found && wanted(event)) found = event;
      // Only the end itself can still be seen without a control connection.
      bool const no_hope = std::holds_alternative<MachineStopped>(event) || (std::holds_alternative<MonitorLost>(event) && !wanted(MachineStopped{}));
      if (!found && no_hope) return Failure{Error{describe(event), 0}};
    }
    if (found) return *std::move(found);
    BH_TRY(ready, wait_for(machine.pollable(), POLLIN, deadline));
    if (!ready || Clock::now() >= deadline) return Failure{Error{"the machine did not answer in time", ETIMEDOUT}};
  }
}

}  // namespace bh::machine
