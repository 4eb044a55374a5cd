#include "hypervisor/qemu/file_fingerprint.h"

#include <fcntl.h>

#include <bit>
#include <cstring>
#include <vector>

#include "base/posix_io.h"

namespace bh::qemu {

Result<std::uint64_t> file_fingerprint(std::filesystem::path const& file) {
  BH_TRY(fd, open_file(file, O_RDONLY));
  std::vector<std::byte> buffer(std::size_t{1} << 20);
  std::uint64_t hash = 0xCBF29CE484222325;
  auto const mix = [&](std::uint64_t value) { hash = std::rotl((hash ^ value) * 0x9E3779B97F4A7C15, 29); };
  std::uint64_t total = 0;
  for (;;) {
    BH_TRY(got, read_some(fd, buffer));
    if (got == 0) break;
    total += got;
    std::memset(buffer.data() + got, 0, (8 - got % 8) % 8);
    for (std::size_t at = 0; at < got; at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, buffer.data() + at, sizeof word);
      mix(word);
    }
  }
  mix(total);
  return hash;
}

}  // namespace bh::qemu
