#include "hypervisor/machine/machine_event.h"

namespace bh::machine {

char const* to_string(StopReason reason) {
  switch (reason) {
    case StopReason::guest_powered_off: return "the guest powered off";
    case StopReason::guest_reset: return "the guest asked for a reboot";
    case StopReason::guest_panicked: return "the guest's kernel panicked";
    case StopReason::killed: return "killed";
    case StopReason::failed: return "failed";
  }
  return "?";
}

}  // namespace bh::machine
