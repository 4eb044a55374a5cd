// The private volume of a qube: what persists. A sparse raw file, so that nothing the guest writes is ever read as an image header.
#pragma once

#include <filesystem>

#include "base/byte_count.h"
#include "base/error.h"

namespace bh::volumes {

inline constexpr ByteCount kDefaultPrivateSize = mebibytes(2048);

struct VolumeUsage {
  ByteCount size;  // what the guest sees
  ByteCount used;  // blocks on the disk
};

// FOLDER/private.img
[[nodiscard]] std::filesystem::path private_volume(std::filesystem::path const& folder);
// Makes the folder (0700) and an empty volume. EEXIST if there is one: nothing is ever overwritten.
Result<void> create_private_volume(std::filesystem::path const& folder, ByteCount size = kDefaultPrivateSize);
Result<VolumeUsage> private_volume_usage(std::filesystem::path const& folder);
// Grows only: what shrank would lose the user's data.
Result<void> grow_private_volume(std::filesystem::path const& folder, ByteCount size);
// A copy in a folder of its own (0700), blocks shared where the file system can, else only those that hold data. EEXIST if there is one.
// Reads and writes as much as there is: not on an event loop's thread.
Result<void> copy_private_volume(std::filesystem::path const& from_folder, std::filesystem::path const& to_folder);
// Removes the volume and its folder; no volume is no error.
Result<void> remove_private_volume(std::filesystem::path const& folder);

}  // namespace bh::volumes
