// The balancer: how much each qube may hold, as a pure function. Each gets what it was promised; what is left beyond dom0's reserve is shared
// out, first to those that use what they have. What all qubes together may hold does not depend on who holds it now, so that the answer
// settles at once instead of swinging.
#pragma once

#include "hypervisor/memory/account.h"

namespace bh::memory {

// What the kernel tells of processes that had to wait for memory (PSI).
enum class Pressure { none, some };

struct BalloonTarget {
  std::string name;
  Mebibytes target;
  friend bool operator==(BalloonTarget const&, BalloonTarget const&) = default;
};

// Smaller changes are not worth moving a balloon for.
inline constexpr Mebibytes kLeastChange{16};

// Only qubes whose target differs from what they are allowed now. `wanted` is to be made free beyond the reserve, for a qube that is to start.
[[nodiscard]] std::vector<BalloonTarget> balance(HostMemory const& host, Pressure pressure, std::vector<QubeMemory> const& qubes, Mebibytes wanted = Mebibytes(0));

}  // namespace bh::memory
