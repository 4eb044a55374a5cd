// How many threads copy memory. Two saturate the memory of a small machine; more would only take processors from what else starts.
#pragma once

#include <algorithm>
#include <thread>

namespace bh::qemu {

[[nodiscard]] inline unsigned copy_threads() { return std::clamp(std::thread::hardware_concurrency(), 1U, 2U); }

}  // namespace bh::qemu
