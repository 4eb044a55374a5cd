// The header of a saved root overlay, compared with the one we wrote when the overlay was made. A guest that took its QEMU over can write
// anything into the file, and the next QEMU would follow a name of a backing file, an external data file, a key or an internal snapshot.
#pragma once

#include "base/byte_count.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace bh::qemu {

// The size that a guest sees. An error unless the header's whole cluster is what volumes::empty_qcow2() writes for that size.
Result<ByteCount> check_overlay_header(UniqueFd const& overlay);

}  // namespace bh::qemu
