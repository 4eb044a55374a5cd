// Is there room on the disk? Asked before a qube starts, so that the answer is an error message and not a broken guest.
#pragma once

#include <filesystem>

#include "base/byte_count.h"
#include "base/error.h"

namespace bh::volumes {

// What a start should find free for its overlay.
inline constexpr ByteCount kRoomForStart = mebibytes(256);

Result<ByteCount> free_space(std::filesystem::path const& folder);
// ENOSPC, with how much is free and how much is wanted, if there is less than `wanted`.
Result<void> need_free_space(std::filesystem::path const& folder, ByteCount wanted);

}  // namespace bh::volumes
