// Command lines of LVM as pure functions, and what `lvs` prints as a value. Names of logical volumes join their parts by '+', which LVM allows
// and no qube's name can hold: vm+QUBE+VOLUME, and after it +dirty, +next, +import or +REVISION.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/byte_count.h"
#include "base/error.h"
#include "hypervisor/volumes/pool/volume_id.h"

namespace bh::volumes::lvm {

using Words = std::vector<std::string>;

// A volume group's or thin pool's name: letters, digits, '_', '.', '-', not beginning with '-' or '.', at most 64.
[[nodiscard]] bool is_name(std::string_view text);

[[nodiscard]] std::string name_of(VolumeId const& id, std::string_view suffix = "");
struct ParsedName {
  VolumeId id;
  std::string suffix;  // empty: the volume itself
};
// nullopt: no volume of ours.
[[nodiscard]] std::optional<ParsedName> parse_name(std::string_view name);

[[nodiscard]] Words list(std::string const& group);
[[nodiscard]] Words create(std::string const& group, std::string const& pool, std::string const& name, ByteCount size);
[[nodiscard]] Words snapshot(std::string const& group, std::string const& of, std::string const& name);
[[nodiscard]] Words rename(std::string const& group, std::string const& from, std::string const& to);
[[nodiscard]] Words remove(std::string const& group, std::string const& name);
[[nodiscard]] Words extend(std::string const& group, std::string const& name, ByteCount size);

struct LogicalVolume {
  std::string name;
  ByteCount size;
  ByteCount used;  // worked out from LVM's percentage
  ByteCount metadata_size;  // of a thin pool
  ByteCount metadata_used;
};
// What list() prints. Lines that make no sense are an error: half a list would look like volumes that are gone.
[[nodiscard]] Result<std::vector<LogicalVolume>> parse_list(std::string_view text);

}  // namespace bh::volumes::lvm
