// How QEMU calls the place for a network card.
#pragma once

#include <string>

#include "hypervisor/machine/machine_spec.h"

namespace bh::qemu {

[[nodiscard]] inline std::string wire_id(machine::WireSlot slot) { return "wire" + std::to_string(slot.value()); }

}  // namespace bh::qemu
