#include "hypervisor/qemu/tsc_rate.h"

#include <time.h>
#include <x86intrin.h>

#include <chrono>
#include <thread>

#include "base/posix_io.h"

namespace bh::qemu {

namespace {

struct Moment {
  std::uint64_t ticks;
  std::uint64_t nanoseconds;
};

std::uint64_t raw_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

// Both clocks at one moment: of several tries the one that was interrupted least.
Moment this_moment() {
  Moment best{};
  std::uint64_t narrowest = UINT64_MAX;
  for (int attempt = 0; attempt < 16; ++attempt) {
    std::uint64_t const before = __rdtsc();
    std::uint64_t const clock = raw_nanoseconds();
    std::uint64_t const after = __rdtsc();
    if (after - before >= narrowest) continue;
    narrowest = after - before;
    best = Moment{before + narrowest / 2, clock};
  }
  return best;
}

bool tsc_is_constant() {
  auto const cpus = read_file("/proc/cpuinfo", std::size_t{8} << 20);
  if (!cpus) return false;
  return cpus->find(" constant_tsc") != std::string::npos && cpus->find(" nonstop_tsc") != std::string::npos;
}

}  // namespace

std::optional<machine::Kilohertz> host_tsc_rate() {
  if (!tsc_is_constant()) return std::nullopt;
  Moment const start = this_moment();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  Moment const end = this_moment();
  if (end.nanoseconds <= start.nanoseconds || end.ticks <= start.ticks) return std::nullopt;
  std::uint64_t const rate = (end.ticks - start.ticks) * 1'000'000 / (end.nanoseconds - start.nanoseconds);
  if (rate < 100'000 || rate > 20'000'000) return std::nullopt;
  return machine::Kilohertz(static_cast<std::uint32_t>(rate));
}

}  // namespace bh::qemu
