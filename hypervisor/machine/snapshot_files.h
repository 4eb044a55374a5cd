// A saved machine, as files. Where they lie, who made them and whether they are to be trusted is the store's business
// (qemu/snapshot_store.h); a driver is given them open.
#pragma once

#include <filesystem>
#include <memory>

#include "base/unique_fd.h"

namespace bh::machine {

// Open for reading and verified. Shared, so that a MachineSpec stays a value; nobody moves the offset of these descriptors.
struct SnapshotFiles {
  std::shared_ptr<UniqueFd const> memory;   // sparse, as long as the machine's memory
  std::shared_ptr<UniqueFd const> state;    // of the devices and processors
  std::shared_ptr<UniqueFd const> overlay;  // what the saved machine had changed of its root image; null if it had none
  // Not null: the clone has no copy of the memory but sees this one, which nobody can write to or punch holes into any more, and keeps
  // for itself what it changes. Clones that share pages can time each other's use of them: only for those of one label whose user wants it.
  std::shared_ptr<UniqueFd const> shared_memory;
};

// Where a machine is saved to: an empty folder of the owner's. The machine writes these files into it.
struct SnapshotTarget {
  std::filesystem::path folder;
};
inline constexpr char const* kSnapshotMemory = "memory.img";
inline constexpr char const* kSnapshotState = "state.bin";
inline constexpr char const* kSnapshotOverlay = "overlay.qcow2";

}  // namespace bh::machine
