// What a snapshot says of itself: manifest.json beside its files. Pure codec.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_count.h"
#include "base/error.h"
#include "hypervisor/machine/machine_spec.h"

namespace bh::qemu {

inline constexpr std::size_t kMaxManifest = 16384;

struct ManifestFile {
  ByteCount size;
  std::string hash;  // content_hash
  friend bool operator==(ManifestFile const&, ManifestFile const&) = default;
};

struct SnapshotManifest {
  std::string key;
  std::optional<machine::Kilohertz> tsc;
  std::int64_t made = 0;  // Unix seconds
  std::string note;       // fit to be shown
  ManifestFile memory;
  ManifestFile state;
  std::optional<ManifestFile> overlay;
  friend bool operator==(SnapshotManifest const&, SnapshotManifest const&) = default;
};

[[nodiscard]] std::string format_manifest(SnapshotManifest const& manifest);
// Refuses what format_manifest() does not write: other formats, missing or wrong members, sizes beyond any machine.
Result<SnapshotManifest> parse_snapshot_manifest(std::string_view text);

[[nodiscard]] bool is_snapshot_key(std::string_view text);  // 64 lower-case hex digits

}  // namespace bh::qemu
