// The memory of a snapshot as clones may share it: every clone maps it privately, so that a page is copied when it is first written to.
#pragma once

#include "base/byte_count.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace bh::qemu {

// A file in memory with the image's content, sealed against writing, holes, and any change of its size or seals. GUARD: a clone's QEMU holds
// a descriptor of it; without the seal, one clone that gives memory back would take it from all of them.
Result<UniqueFd> make_shared_memory(UniqueFd const& image, ByteCount size);

}  // namespace bh::qemu
