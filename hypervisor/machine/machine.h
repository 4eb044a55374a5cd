// Machine: a running one. Nothing here blocks: requests are sent, what came of them arrives as events. For any event loop: wait until
// pollable() is readable (it is an epoll descriptor; poll, epoll and Asio's async_wait all do), then call handle().
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "hypervisor/machine/mac_address.h"
#include "hypervisor/machine/machine_event.h"
#include "hypervisor/machine/snapshot_files.h"

namespace bh::machine {

class Machine {
 public:
  Machine() = default;
  Machine(Machine const&) = delete;
  Machine& operator=(Machine const&) = delete;
  // The machine outlives this object: qubes outlive the daemon.
  virtual ~Machine() = default;

  // What a later daemon needs to adopt it.
  [[nodiscard]] virtual int pid() const = 0;
  [[nodiscard]] virtual std::uint64_t start_time() const = 0;

  [[nodiscard]] virtual UniqueFd const& pollable() const = 0;
  // Does what there is to do and returns what happened, oldest first. After MachineStopped there is nothing more.
  virtual std::vector<MachineEvent> handle() = 0;

  // MachinePaused, MachineResumed or RequestFailed follows. A hostile monitor may never answer: wait with a deadline.
  virtual Result<void> pause() = 0;
  virtual Result<void> resume() = 0;
  // Presses the ACPI power button. Whether the guest cares is up to the guest; the reliable way is a call through qrexec.
  virtual Result<void> press_power_button() = 0;
  // Pauses the machine and writes it into the folder; MachineSaved or RequestFailed follows. Afterwards it is only good to be killed.
  virtual Result<void> save(SnapshotTarget const& target) = 0;
  // Tells QEMU and the guest what size the volume has now (grown or not; a clone's is another than its snapshot's). VolumeResized follows.
  virtual Result<void> resize_volume(Volume volume, ByteCount size) = 0;
  // Plugs a card into the slot: one end of a datagram socket pair is all it will ever reach. WireAttached follows once QEMU has it.
  virtual Result<void> attach_wire(WireSlot slot, UniqueFd socket, MacAddress const& address) = 0;
  // The guest has to let go of the card, so this may never end: wait for WireDetached with a deadline.
  virtual Result<void> detach_wire(WireSlot slot) = 0;
  // How much memory the guest shall use; it moves there as it can (BalloonChanged).
  virtual Result<void> set_balloon(Mebibytes target) = 0;
  // At once and without asking the guest. MachineStopped follows.
  virtual Result<void> kill() = 0;

  // The sealed memory shown to the guest for window contents; closed if the machine has none.
  [[nodiscard]] virtual UniqueFd const& window_memory() const = 0;
  // How much of the host's memory the guest's holds now (the monitor's own not counted).
  [[nodiscard]] virtual Result<ByteCount> memory_in_use() const = 0;
};

}  // namespace bh::machine
