// A helper's log, held short while the helper runs. GUARD: what a helper logs is often caused by its guest, which can cause it for ever
// and would fill dom0's disk.
#pragma once

#include <cstdint>
#include <filesystem>

namespace bh::dom0 {

inline constexpr std::uintmax_t kHelperLogLimit = 4U << 20U;

// A log longer than the limit becomes FILE.old (whatever was there goes) and begins anew. Helpers append, so they need not know.
void keep_short(std::filesystem::path const& log_file, std::uintmax_t limit = kHelperLogLimit);

}  // namespace bh::dom0
