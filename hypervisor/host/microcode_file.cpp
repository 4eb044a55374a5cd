#include "hypervisor/host/microcode_file.h"

#include <algorithm>
#include <vector>

namespace bh::host {

namespace {

constexpr std::uint32_t kIntelHeader = 48;
constexpr std::uint32_t kIntelDefaultTotal = 2048;
constexpr std::uint32_t kAmdMagic = 0x00414d44;  // "DMA\0"

// The 32-bit words at the front; nullopt if the file ends before.
std::optional<std::vector<std::uint32_t>> words(ByteSpan bytes, std::size_t count) {
  ByteReader reader(bytes);
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < count; ++i) {
    auto const word = reader.u32_le();
    if (!word) return std::nullopt;
    out.push_back(*word);
  }
  return out;
}

void keep_newest(std::optional<std::uint64_t>& newest, std::uint32_t revision) {
  newest = std::max<std::uint64_t>(newest.value_or(0), revision);
}

// The number that stands for this processor in the patches, or nullopt.
std::optional<std::uint16_t> equivalent(ByteSpan table, std::uint32_t signature) {
  for (; table.size() >= 16; table = table.subspan(16)) {
    ByteReader entry(table.first(16));
    auto const installed = entry.u32_le();
    (void)entry.take(8);
    auto const id = entry.u16_le();
    if (installed && id && *installed == signature) return *id;
  }
  return std::nullopt;
}

}  // namespace

std::uint32_t cpuid_signature(std::uint32_t family, std::uint32_t model, std::uint32_t stepping) {
  std::uint32_t const base_family = std::min<std::uint32_t>(family, 15);
  std::uint32_t const extended_family = family > 15 ? family - 15 : 0;
  return (extended_family & 0xFFU) << 20U | (model >> 4U & 0xFU) << 16U | base_family << 8U | (model & 0xFU) << 4U | (stepping & 0xFU);
}

std::optional<std::uint64_t> newest_intel_microcode(ByteSpan file, ProcessorId const& id) {
  std::optional<std::uint64_t> newest;
  while (auto const header = words(file, kIntelHeader / 4)) {
    if ((*header)[0] != 1 || (*header)[5] != 1) return std::nullopt;
    std::uint32_t const total = (*header)[8] == 0 ? kIntelDefaultTotal : (*header)[8];
    if (total < kIntelHeader || total > file.size()) return std::nullopt;
    bool const same_package = !id.platform_flags || ((*header)[6] & *id.platform_flags) != 0;
    if ((*header)[3] == id.signature && same_package) keep_newest(newest, (*header)[1]);
    file = file.subspan(total);
  }
  return file.empty() ? newest : std::nullopt;
}

std::optional<std::uint64_t> newest_amd_microcode(ByteSpan file, ProcessorId const& id) {
  std::optional<std::uint64_t> newest;
  std::optional<std::uint16_t> wanted;
  while (!file.empty()) {
    auto const front = words(file, 3);
    if (!front) return std::nullopt;
    if ((*front)[0] == kAmdMagic) {
      std::size_t const length = (*front)[2];
      if ((*front)[1] != 0 || length > file.size() - 12) return std::nullopt;
      wanted = equivalent(file.subspan(12, length), id.signature);
      file = file.subspan(12 + length);
      continue;
    }
    std::size_t const length = (*front)[1];
    if ((*front)[0] != 1 || length < 26 || length > file.size() - 8) return std::nullopt;
    ByteReader patch(file.subspan(8, length));
    (void)patch.take(4);
    auto const revision = patch.u32_le();
    (void)patch.take(16);
    auto const processor = patch.u16_le();
    if (revision && processor && wanted && *processor == *wanted) keep_newest(newest, *revision);
    file = file.subspan(8 + length);
  }
  return newest;
}

}  // namespace bh::host
