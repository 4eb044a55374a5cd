// What is asked of a QEMU as a whole: commands one after another, what to do when one is refused, and what to tell at the end. Pure values.
#pragma once

#include <vector>

#include "hypervisor/machine/machine_event.h"
#include "hypervisor/qemu/qmp_command.h"

namespace bh::qemu {

enum class JobKind {
  asked,    // by the owner; a refusal is RequestFailed
  restore,  // of a saved state; a refusal ends the machine
  wake,     // the end of a restore: processors run
};

struct QmpJob {
  JobKind kind = JobKind::asked;
  machine::Request request = machine::Request::pause;  // of one that was asked
  std::vector<QmpCommand> commands;                    // the first refusal ends the job
  std::vector<QmpCommand> undo;                        // after a refusal; what is answered to these does not matter
  std::vector<machine::MachineEvent> done;             // told once the last command was answered well
  std::size_t forgiven = 0;                            // so many of the first commands may be refused: what they take away may be gone
};

namespace job {

[[nodiscard]] QmpJob pause();
[[nodiscard]] QmpJob resume();
[[nodiscard]] QmpJob press_power_button();
[[nodiscard]] QmpJob resize(machine::Volume volume, ByteCount size);
[[nodiscard]] QmpJob set_balloon(machine::Mebibytes target);
[[nodiscard]] QmpJob attach_wire(machine::WireSlot slot, std::shared_ptr<UniqueFd const> socket, machine::MacAddress const& address);
// Takes the socket away at once, whatever the guest does, and asks it to let go of the card that now leads nowhere.
[[nodiscard]] QmpJob detach_wire(machine::WireSlot slot);
// The card has gone: so that its socket does not stay where the guest threw the card out itself.
[[nodiscard]] QmpJob release_wire(machine::WireSlot slot);
// Stops the processors and sends the devices' state to the file; an event tells the end.
[[nodiscard]] QmpJob save(std::shared_ptr<UniqueFd const> state);
// Reads the state from the descriptor that QEMU inherited; an event tells the end, then comes wake().
[[nodiscard]] QmpJob restore();
[[nodiscard]] QmpJob wake();

}  // namespace job
}  // namespace bh::qemu
