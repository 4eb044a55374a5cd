// The end of a file that may be of any length: logs and consoles.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/error.h"

namespace bh {

// The last `cap` bytes, or all there is. An error if the path is not a plain file.
Result<std::string> read_file_tail(std::filesystem::path const& path, std::size_t cap);

}  // namespace bh
