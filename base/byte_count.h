// ByteCount: a size in bytes that is not mistaken for a count of anything else.
#pragma once

#include <cstdint>

#include "base/strong_number.h"

namespace bh {

using ByteCount = StrongNumber<struct ByteCountTag, std::uint64_t>;

[[nodiscard]] constexpr ByteCount mebibytes(std::uint64_t count) { return ByteCount(count << 20); }

}  // namespace bh
