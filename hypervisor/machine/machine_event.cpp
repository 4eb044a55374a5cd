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

char const* to_string(Request request) {
  switch (request) {
    case Request::pause: return "pause";
    case Request::resume: return "resume";
    case Request::power_button: return "power button";
    case Request::save: return "save";
    case Request::resize_volume: return "resize a volume";
    case Request::attach_wire: return "attach a wire";
    case Request::detach_wire: return "detach a wire";
    case Request::set_balloon: return "set the balloon";
  }
  return "?";
}

}  // namespace bh::machine
