// The second half of a save: once QEMU has written the devices' state and stands still, everything is put into the snapshot's folder.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>

#include "base/byte_count.h"
#include "base/error.h"
#include "base/unique_fd.h"
#include "hypervisor/machine/snapshot_files.h"

namespace bh::qemu {

// Open files of the stopped machine; shared with the task that copies them.
struct SaveSources {
  std::shared_ptr<UniqueFd const> state;    // QEMU wrote it
  std::shared_ptr<UniqueFd const> ram;
  std::shared_ptr<UniqueFd const> overlay;  // null: no root disk
  ByteCount window_memory;
};

// Returns the bytes of memory that were written. Files are copied, never linked: the machine's process still holds its own.
Result<std::uint64_t> write_snapshot(SaveSources const& sources, machine::SnapshotTarget const& target, std::stop_token stop);

}  // namespace bh::qemu
