// What a running machine tells its owner. Texts that came out of the monitor process are fit to be shown (for_display).
#pragma once

#include <string>
#include <variant>

namespace bh::machine {

enum class StopReason {
  guest_powered_off,  // the guest ended itself
  guest_reset,        // the guest asked for a reboot; machines do not reboot, they end
  guest_panicked,
  killed,  // by us, or by a signal from elsewhere (out of memory...)
  failed,  // the monitor process ended with an error; the text says which
};
[[nodiscard]] char const* to_string(StopReason reason);

struct MachineUp {};  // the control connection stands and the machine runs or is paused
struct MachinePaused {};
struct MachineResumed {};
struct MachinePanicked {};  // a stop usually follows
struct RequestFailed {      // pause, resume or power button was refused
  std::string text;
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

using MachineEvent =
    std::variant<MachineUp, MachinePaused, MachineResumed, MachinePanicked, RequestFailed, MonitorLost, MachineStopped>;

}  // namespace bh::machine
