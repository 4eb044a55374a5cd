// Figures of the host and its processes, read from /proc.
#pragma once

#include <cstdint>

namespace bh::dom0 {

struct HostMemory {
  std::uint64_t total_kib = 0;
  std::uint64_t available_kib = 0;
};
[[nodiscard]] HostMemory host_memory();
// How many processes the kernel has ended since boot because memory ran out.
[[nodiscard]] std::uint64_t host_oom_kills();
// User and system time so far; 0 for a process that is not there.
[[nodiscard]] std::uint64_t process_cpu_time_ns(int pid);
// Resident memory; 0 for a process that is not there.
[[nodiscard]] std::uint64_t process_resident_kib(int pid);

}  // namespace bh::dom0
