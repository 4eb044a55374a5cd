// May a qube be started, as far as memory goes? If not, the answer says who holds what.
#pragma once

#include <variant>

#include "hypervisor/memory/account.h"

namespace bh::memory {

// What a machine needs beside its guest's memory (lab: 76..130 MiB under TCG).
inline constexpr Mebibytes kMachineOverhead{128};

struct Admitted {};
// There will be enough once the balloons have given it back (balance() with `wanted`).
struct AfterReclaim {
  Mebibytes wanted;
};
struct Refused {
  std::string account;  // several lines' worth of words for the user
};
using Admission = std::variant<Admitted, AfterReclaim, Refused>;

[[nodiscard]] Admission admit(std::string const& name, Mebibytes promised, HostMemory const& host, std::vector<QubeMemory> const& running);

}  // namespace bh::memory
