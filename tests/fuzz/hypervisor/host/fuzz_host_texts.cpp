// Files that other packages and the kernel write: microcode containers, flaws' texts, QEMU's answers. The first byte chooses the reader.
#include <cstdint>

#include "base/assert.h"
#include "hypervisor/host/cpu_vulnerability.h"
#include "hypervisor/host/microcode_file.h"
#include "hypervisor/host/qemu_facts.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace bh;
  ByteSpan input(reinterpret_cast<std::byte const*>(data), size);
  if (input.size() < 5) return 0;
  unsigned const choice = std::to_integer<unsigned>(input.front()) % 5;
  input = input.subspan(1);
  std::string_view const text = as_text(input);
  if (choice < 2) {
    ByteReader front(input);
    host::ProcessorId const id{*front.u32_le(), std::nullopt};
    auto const newest = choice == 0 ? host::newest_intel_microcode(input.subspan(4), id) : host::newest_amd_microcode(input.subspan(4), id);
    BH_ASSERT(!newest || *newest <= UINT32_MAX);
    return 0;
  }
  if (choice == 2) {
    // Nothing but these two beginnings is ever good.
    bool const fair = text.starts_with("Mitigation: ") || text.starts_with("KVM: ") || text.find("Not affected") != std::string_view::npos;
    BH_ASSERT(fair || host::parse_vulnerability(text) != host::Protection::ok);
    BH_ASSERT(text.find("frobnicate") == std::string_view::npos || host::parse_vulnerability(text) != host::Protection::ok);
  } else if (choice == 3) {
    for (auto const& name : host::parse_device_help(text)) BH_ASSERT(name.find('"') == std::string::npos);
  } else {
    for (auto const& name : host::parse_accel_help(text)) BH_ASSERT(!name.empty() && name.find('\n') == std::string::npos);
    (void)host::parse_qemu_version(text);
  }
  return 0;
}
