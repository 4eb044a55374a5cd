// A number that changes when a file changes. Tells versions apart; it is no signature and withstands no forger.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/error.h"

namespace bh::qemu {

Result<std::uint64_t> file_fingerprint(std::filesystem::path const& file);

}  // namespace bh::qemu
