#include "qrexec/services/copy_bytes.h"

#include <array>
#include <cerrno>

namespace bh::open {

Result<ByteCount> copy_bytes(UniqueFd const& from, UniqueFd const& to, ByteCount most) {
  std::array<std::byte, 65536> buffer;  // NOLINT: filled by read_some
  std::uint64_t total = 0;
  for (;;) {
    BH_TRY(count, read_some(from, buffer));
    if (count == 0) return ByteCount(total);
    total += count;
    // GUARD: another qube that sends without end would fill this one's disk.
    if (total > most.value()) return Failure{Error{"more than " + std::to_string(most.value()) + " bytes came", EFBIG}};
    BH_CHECK(write_all(to, ByteSpan(buffer).first(count)));
  }
}

}  // namespace bh::open
