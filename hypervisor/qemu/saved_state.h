// The devices' state as QEMU writes it (its migration stream), as far as we touch it: one number in it has to be zeroed. Pure.
#pragma once

#include <span>

#include "base/byte_count.h"
#include "base/bytes.h"
#include "base/error.h"

namespace bh::qemu {

// The longest that is read at all: 0.3 MB is usual.
inline constexpr ByteCount kMaxSavedState = mebibytes(64);

// For each block of shared memory the stream says at which guest address it lay, and a QEMU that loads it compares; but the window memory's
// place is a PCI BAR, which no machine has mapped before its state is loaded. Zero is what it has then.
// Nothing to do for a machine without window memory. An error if the stream does not name a block of that name and size exactly once.
Result<void> unplace_window_memory(std::span<std::byte> state, ByteCount window_memory);

}  // namespace bh::qemu
