#include "hypervisor/personal/guest/ext4_superblock.h"

namespace bh::personal {

namespace {
constexpr std::size_t kOffset = 1024;
constexpr std::uint16_t kMagic = 0xEF53;
constexpr std::uint16_t kErrorState = 2;
constexpr std::uint32_t k64Bit = 0x80;  // of s_feature_incompat
constexpr std::uint32_t kMaxLogBlock = 6;

std::uint32_t word(ByteSpan block, std::size_t at) {
  ByteReader reader(block.subspan(kOffset + at, 4));
  return *reader.u32_le();
}
}  // namespace

std::optional<Ext4Superblock> read_superblock(ByteSpan first_4_kib) {
  if (first_4_kib.size() < 4096) return std::nullopt;
  std::uint32_t const magic_and_state = word(first_4_kib, 0x38);
  if ((magic_and_state & 0xFFFF) != kMagic) return std::nullopt;
  std::uint32_t const log_block = word(first_4_kib, 0x18);
  // Beyond it the kernel refuses the mount, and the shift below means nothing.
  if (log_block > kMaxLogBlock) return std::nullopt;
  std::uint64_t blocks = word(first_4_kib, 0x04);
  if ((word(first_4_kib, 0x60) & k64Bit) != 0) blocks |= static_cast<std::uint64_t>(word(first_4_kib, 0x150) & 0xFFFF) << 32;
  return Ext4Superblock{ByteCount(blocks << (10 + log_block)), ((magic_and_state >> 16) & kErrorState) != 0};
}

}  // namespace bh::personal
