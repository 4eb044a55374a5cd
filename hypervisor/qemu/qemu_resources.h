// What QEMU inherits: every file, socket and memory of a machine, opened here by name, once.
#pragma once

#include <utility>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "hypervisor/machine/machine_spec.h"

namespace bh::qemu {

struct QemuResources {
  UniqueFd log;
  UniqueFd qmp_listener;
  UniqueFd mux_listener;
  UniqueFd console;
  UniqueFd kernel;
  UniqueFd initrd;
  UniqueFd root_image;     // these may be closed
  UniqueFd root_overlay;
  UniqueFd private_volume;
  UniqueFd volatile_volume;
  UniqueFd window_memory;
  UniqueFd ram;
  UniqueFd snapshot_overlay;  // of a restored machine, as the next
  UniqueFd snapshot_state;

  static Result<QemuResources> open(machine::MachineSpec const& spec);
  // As SpawnOptions wants them, with the numbers that argv() speaks of.
  [[nodiscard]] std::vector<std::pair<UniqueFd const*, int>> inherited() const;
};

}  // namespace bh::qemu
