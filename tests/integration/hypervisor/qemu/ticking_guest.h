// A guest of the initrd alone, which says every few milliseconds who and where it is. Small enough to be saved and restored many times.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/integration/hypervisor/qemu/guest.h"

namespace bh::qemu::test {

// The template's initrd with another /init: at FILE.
void make_initrd_with(std::filesystem::path const& original, std::string const& init, std::filesystem::path const& file);
void make_ticking_initrd(std::filesystem::path const& original, std::filesystem::path const& file);

// "tick 7 private 4096 - root MARKER uuid ...": the last whole one on the console.
struct Tick {
  std::uint64_t count = 0;
  std::uint64_t private_sectors = 0;
  std::string private_head;  // "-" while the disk is the placeholder's size
  std::string root_marker;   // read from the root disk, its cache dropped
  std::string uuid;          // of the kernel's generator
};
std::optional<Tick> last_tick(std::filesystem::path const& console);
// Waits for one that `wanted` accepts.
template <class Wanted>
std::optional<Tick> wait_for_tick(machine::Machine& machine, std::filesystem::path const& console, Wanted&& wanted) {
  auto const deadline = in_time();
  while (Clock::now() < deadline) {
    (void)machine.handle();
    if (auto const tick = last_tick(console); tick && wanted(*tick)) return tick;
    (void)wait_for(machine.pollable(), POLLIN, Clock::now() + std::chrono::milliseconds(10));
  }
  return std::nullopt;
}

inline constexpr std::uint64_t kPlaceholderSize = 2 << 20;
inline constexpr char const* kRootMarker = "SAVED-ON-ROOT-16";

}  // namespace bh::qemu::test
