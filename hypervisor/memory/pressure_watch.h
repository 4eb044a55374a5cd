// Tells when the host's processes have to wait for memory. The kernel wakes us (PSI trigger); nothing is asked in between.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "base/unique_fd.h"

namespace bh::memory {

// Readable for POLLPRI each time tasks stood still for 150 ms within 2 s. Close it to end the watch. An error where the kernel has no
// PSI or does not let us (its own words say which).
[[nodiscard]] Result<UniqueFd> watch_memory_pressure(std::filesystem::path const& file = "/proc/pressure/memory");

}  // namespace bh::memory
