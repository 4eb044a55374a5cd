// Window memory: the memory in which a qube's windows are drawn. Made and sealed by dom0 before any VMM sees it, shown to the guest
// as a PCI BAR, handed by its owner to the qube's gui-daemon. One for each start, never used again: old pixels must not leak.
#pragma once

#include "base/byte_count.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace bh::volumes {

inline constexpr ByteCount kMaxWindowMemory = mebibytes(2048);

// A power of two from 1 MiB to 2 GiB: a PCI BAR can have no other size, and QEMU aborts on them.
[[nodiscard]] bool is_window_memory_size(ByteCount size);
Result<UniqueFd> make_window_memory(ByteCount size);
// That a descriptor found elsewhere (in an adopted process) is such memory of this size, and cannot shrink.
Result<void> check_window_memory(UniqueFd const& memory, ByteCount size);

}  // namespace bh::volumes
