// What a store of snapshots and a restore read: a manifest that somebody changed, and the state that a taken-over QEMU wrote.
#include <algorithm>
#include <cstdint>

#include "hypervisor/qemu/saved_state.h"
#include "hypervisor/qemu/snapshot_manifest.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace bh;
  ByteSpan const input(reinterpret_cast<std::byte const*>(data), size);
  if (auto const manifest = qemu::parse_snapshot_manifest(as_text(input))) {
    // What was read is what would be written: nothing gets in that we would not say ourselves.
    auto const again = qemu::parse_snapshot_manifest(qemu::format_manifest(*manifest));
    BH_ASSERT(again.ok() && *again == *manifest);
  }
  Bytes state(input.begin(), input.end());
  if (qemu::unplace_window_memory(state, mebibytes(1))) {
    BH_ASSERT(state.size() == input.size());
    std::size_t changed = 0;
    for (std::size_t i = 0; i < size; ++i) changed += state[i] == input[i] ? 0U : 1U;
    BH_ASSERT(changed <= 8);
    // Once more changes nothing.
    Bytes again = state;
    BH_ASSERT(qemu::unplace_window_memory(again, mebibytes(1)).ok() && again == state);
  }
  return 0;
}
