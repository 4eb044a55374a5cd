// A saved machine that QEMU alone continues: no jail, no store, its memory in place before the clock starts, commands by hand. What our
// restore is compared with.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "hypervisor/machine/machine_spec.h"

namespace bh::bench {

struct BareRestore {
  double started_ms = 0;  // from the process's start until QEMU answers
  double up_ms = 0;       // until the processors run
  std::uint64_t parked_bytes = 0;  // what the process has for itself when it answers: the price of one that is kept waiting
};

// `spec` names a snapshot (restore_from). The machine is killed before this returns.
Result<BareRestore> bare_restore(machine::MachineSpec const& spec);

// Memory of a process that nobody else has, in bytes (smaps_rollup).
std::uint64_t private_memory(int pid);

}  // namespace bh::bench
