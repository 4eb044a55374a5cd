// CRC-32 as of zlib: reflected 0xEDB88320, start and end inverted. Against line noise and bugs only; it proves nothing to an enemy.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace bh::qfile {

// Continues `crc` (0 at the beginning).
[[nodiscard]] std::uint32_t crc32(std::uint32_t crc, ByteSpan bytes);

}  // namespace bh::qfile
