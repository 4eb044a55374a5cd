// The kernel's generator gets bytes that no other clone has, and forgets what it would have said next.
#pragma once

#include "base/bytes.h"
#include "base/error.h"

namespace bh::personal {

Result<void> reseed_kernel(ByteSpan entropy);

}  // namespace bh::personal
