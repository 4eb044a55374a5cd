// Copies of volume files: shared blocks where the file system can (reflink), else only what holds data.
#pragma once

#include <filesystem>

#include "base/byte_count.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace bh::volumes {

// Whether files in this folder can share blocks. Tried with two files of a page without names.
Result<bool> can_reflink(std::filesystem::path const& folder);

// `to` is an empty file open for writing; afterwards it has the same length and content, and is on the disk. `what` is for error texts.
Result<void> copy_file_content(UniqueFd const& from, UniqueFd const& to, std::filesystem::path const& what);

// The first `size` bytes of a file or device, to a device that reads as zeros.
Result<void> copy_to_blank_device(UniqueFd const& from, UniqueFd const& to, ByteCount size);

// A file for writing in `folder`, of this length, all hole. It must not exist. Mode 0600.
Result<UniqueFd> make_sparse_file(std::filesystem::path const& path, ByteCount size);

// Writes at `offset`, leaving out whole pages of zeros: `file` must be a hole there.
Result<void> write_sparsely(UniqueFd const& file, ByteCount offset, ByteSpan bytes);

}  // namespace bh::volumes
