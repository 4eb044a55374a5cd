// Copies a stream into a file and a file into a stream, with a cap.
#pragma once

#include "base/byte_count.h"
#include "base/posix_io.h"

namespace bh::open {

// From where both stand, to the end of `from`; the count. More than `most` bytes: EFBIG, with `to` holding some of them.
Result<ByteCount> copy_bytes(UniqueFd const& from, UniqueFd const& to, ByteCount most);

}  // namespace bh::open
