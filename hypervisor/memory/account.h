// Who holds how much of the host's memory, as plain values: what balancing and admission decide from. All figures are the host's own
// (blocks of the machines' memory files, /proc); a guest is never asked, so it cannot lie.
#pragma once

#include <string>
#include <vector>

#include "hypervisor/machine/machine_spec.h"

namespace bh::memory {

using machine::Mebibytes;

struct HostMemory {
  Mebibytes total;
  Mebibytes available;  // without swapping: MemAvailable
};

struct QubeMemory {
  std::string name;
  Mebibytes promised;  // property `memory`: never taken from it
  Mebibytes maximum;   // the size of its machine; as large as `promised` where memory is not balanced
  Mebibytes allowed;   // what its balloon leaves it at present
  Mebibytes held;      // of the host's memory, now
  [[nodiscard]] bool balanced() const { return maximum > promised; }
};

// Kept free for dom0: an eighth of the host, at most 1 GiB.
[[nodiscard]] Mebibytes dom0_reserve(HostMemory const& host);

}  // namespace bh::memory
