// The newest microcode revision that a file of the distribution's microcode package holds for one processor. Pure; the two makers have
// formats of their own.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace bh::host {

struct ProcessorId {
  std::uint32_t signature = 0;                 // CPUID leaf 1, EAX
  std::optional<std::uint32_t> platform_flags;  // Intel: which package; nullopt: any
};
[[nodiscard]] std::uint32_t cpuid_signature(std::uint32_t family, std::uint32_t model, std::uint32_t stepping);

// Updates one after the other, each with a header of 48 bytes. nullopt: none for this processor, or not such a file.
[[nodiscard]] std::optional<std::uint64_t> newest_intel_microcode(ByteSpan file, ProcessorId const& id);
// A table of equivalent processors, then patches for its entries; several such containers may follow one another.
[[nodiscard]] std::optional<std::uint64_t> newest_amd_microcode(ByteSpan file, ProcessorId const& id);

}  // namespace bh::host
