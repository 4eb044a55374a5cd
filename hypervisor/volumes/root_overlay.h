// The root overlay: what a running qube changes of its template's root image. A fresh qcow2 for every start. Its header names no backing
// file (GUARD: the backing-file attack needs a name to follow) and the file itself never has a name: the process that holds it ends, and it is gone.
#pragma once

#include <filesystem>

#include "base/byte_count.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace bh::volumes {

// The first clusters of an empty qcow2 (version 3) of this virtual size, a multiple of 512 up to 64 TiB.
Result<Bytes> empty_qcow2(ByteCount virtual_size);
// An unnamed file in `folder`, for an image of the size of `image`.
Result<UniqueFd> make_root_overlay(std::filesystem::path const& folder, UniqueFd const& image);

}  // namespace bh::volumes
