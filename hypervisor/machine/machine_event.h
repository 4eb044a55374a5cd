// What a running machine tells its owner. Texts that came out of the monitor process are fit to be shown (for_display).
#pragma once

#include <chrono>
#include <string>
#include <variant>

#include "base/byte_count.h"
#include "hypervisor/machine/machine_spec.h"
#include "hypervisor/machine/volume_node.h"

namespace bh::machine {

enum class StopReason {
  guest_powered_off,  // the guest ended itself
  guest_reset,        // the guest asked for a reboot; machines do not reboot, they end
  guest_panicked,
  killed,  // by us, or by a signal from elsewhere (out of memory...)
  failed,  // the monitor process ended with an error; the text says which
};
[[nodiscard]] char const* to_string(StopReason reason);

// What was asked of a machine.
enum class Request { pause, resume, power_button, save, resize_volume, attach_wire, detach_wire, set_balloon };
[[nodiscard]] char const* to_string(Request request);

struct MachineUp {};  // the control connection stands and the machine runs or is paused
// Comes just before MachineUp when the machine was made from a snapshot; from here on its processors run.
struct MachineRestored {
  std::chrono::milliseconds copy{};  // of the memory; overlaps the start of the monitor process
  std::chrono::milliseconds load{};  // of the devices' state
};
struct MachinePaused {};
struct MachineResumed {};
struct MachinePanicked {};  // a stop usually follows
struct RequestFailed {
  std::string text;  // begins with what was asked: "resume: ..."
  Request request = Request::pause;
};
// The machine is saved. It stays paused and is only good to be killed.
struct MachineSaved {
  ByteCount memory;  // bytes written of its memory
};
struct VolumeResized {
  Volume volume;
};
// A write found no space; the machine is paused (MachinePaused comes too) and loses nothing. Make space, then resume().
struct VolumeFull {
  Volume volume;
};
// The same for any other error of the disk.
struct VolumeFailed {
  Volume volume;
  std::string text;
};
struct WireAttached {
  WireSlot slot;
};
struct WireDetached {  // the guest has let go of its card, and the monitor of the socket
  WireSlot slot;
};
// The guest's balloon has moved; this much of its memory is left to it. Told as QEMU tells it: at most once a second.
struct BalloonChanged {
  ByteCount left;
};
// The monitor process broke the control protocol or closed it. The machine may still run; only kill() works from here on.
struct MonitorLost {
  std::string text;
};
// The last event. The process is gone and collected.
struct MachineStopped {
  StopReason reason;
  std::string text;
};

using MachineEvent = std::variant<MachineUp, MachineRestored, MachinePaused, MachineResumed, MachinePanicked, RequestFailed, MachineSaved, VolumeResized,
                                  VolumeFull, VolumeFailed, WireAttached, WireDetached, BalloonChanged, MonitorLost, MachineStopped>;

}  // namespace bh::machine
