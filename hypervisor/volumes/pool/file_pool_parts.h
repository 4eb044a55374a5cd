// Inside of FilePool, for its .cpp files only: single steps on one file, links in a volume's place never followed.
#pragma once

#include <sys/stat.h>

#include <filesystem>

#include "base/byte_count.h"
#include "base/error.h"

namespace bh::volumes {

Result<struct stat> status_of_volume(std::filesystem::path const& file);
bool is_same_file(std::filesystem::path const& file, struct stat const& other);
// No file is no error.
Result<void> remove_file(std::filesystem::path const& file);
// On the disk before it returns.
Result<void> set_file_size(std::filesystem::path const& file, ByteCount size);
Result<void> check_volume_size(ByteCount size);

}  // namespace bh::volumes
