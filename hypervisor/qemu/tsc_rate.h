// The rate of this host's time-stamp counter, which a TCG guest sees unchanged.
#pragma once

#include <optional>

#include "hypervisor/machine/machine_spec.h"

namespace bh::qemu {

// Measured over some 20 ms, robust against being scheduled away. nullopt: this host's TSC is not constant, so no guest may trust it.
[[nodiscard]] std::optional<machine::Kilohertz> host_tsc_rate();

}  // namespace bh::qemu
