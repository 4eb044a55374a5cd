// Volumes whose whole content says which state they are in: a test sees at once if two states were mixed.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <optional>

#include "base/bytes.h"
#include "base/posix_io.h"

namespace bh::volumes {

inline constexpr std::size_t kPatternPage = 4096;
// Pages written: at the begin, in the middle and in the last page of a volume of 16 MiB.
inline constexpr std::uint64_t kPatternPlaces[] = {0, 4096, 3 << 20, (8 << 20) + 8192, (16 << 20) - 4096};

inline bool write_pattern(std::filesystem::path const& file, std::uint8_t state) {
  auto const fd = open_file(file, O_RDWR | O_NOFOLLOW);
  if (!fd) return false;
  Bytes const page(kPatternPage, std::byte{state});
  for (auto const place : kPatternPlaces) {
    if (::pwrite(fd->borrow(), page.data(), page.size(), static_cast<off_t>(place)) != static_cast<ssize_t>(page.size())) return false;
  }
  return true;
}

// The state, or nothing if the places do not agree or a byte beside them is not zero.
inline std::optional<int> read_pattern(std::filesystem::path const& file) {
  auto const fd = open_file(file, O_RDONLY | O_NOFOLLOW);
  if (!fd) return std::nullopt;
  std::optional<int> state;
  for (auto const place : kPatternPlaces) {
    Bytes page(kPatternPage);
    if (::pread(fd->borrow(), page.data(), page.size(), static_cast<off_t>(place)) != static_cast<ssize_t>(page.size())) return std::nullopt;
    for (auto const byte : page) {
      if (state && *state != static_cast<int>(byte)) return std::nullopt;
      state = static_cast<int>(byte);
    }
  }
  Bytes gap(kPatternPage);
  if (::pread(fd->borrow(), gap.data(), gap.size(), 1 << 20) != static_cast<ssize_t>(gap.size())) return std::nullopt;
  for (auto const byte : gap) if (byte != std::byte{0}) return std::nullopt;
  return state;
}

}  // namespace bh::volumes
