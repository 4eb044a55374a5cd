// The few fields of an ext4 superblock that decide what is done with a private volume. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "base/byte_count.h"
#include "base/bytes.h"

namespace bh::personal {

struct Ext4Superblock {
  ByteCount size;        // of the file system
  bool has_errors = false;
};
// Of the first 4 KiB of a volume; nullopt: that is not ext4.
[[nodiscard]] std::optional<Ext4Superblock> read_superblock(ByteSpan first_4_kib);

}  // namespace bh::personal
