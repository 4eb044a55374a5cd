// What survives a power cut: data and names on their way to the disk, at the moments where an order between them matters.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "base/unique_fd.h"

namespace bh {

// The file's content and length. `what` completes error texts.
Result<void> sync_file(UniqueFd const& file, std::filesystem::path const& what);
// The names in a folder: after renames, links and removals.
Result<void> sync_folder(std::filesystem::path const& folder);

}  // namespace bh
