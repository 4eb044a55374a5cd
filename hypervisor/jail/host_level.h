// Which jail this host and this user allow: decided before anything starts, from facts, so that it can be shown. A jail of the level
// decided that then cannot be built is an error; nothing falls back by itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hypervisor/jail/jail_spec.h"

namespace bh::jail {

struct HostFacts {
  unsigned uid = 0;
  bool id_mappers = false;  // newuidmap and newgidmap are there
  std::optional<SubordinateIds> subordinate;
  bool user_namespaces = false;
};
HostFacts read_host_facts();

struct JailPlan {
  Level level = Level::own_uid;
  std::optional<SubordinateIds> subordinate;
  std::string reason;  // why not a stronger one; empty for the strongest
};
// The strongest level these facts allow. An error, with what to do, if none is.
[[nodiscard]] Result<JailPlan> strongest_level(HostFacts const& facts);

// Pure: the first range of at least 256 ids that a line "NAME-OR-UID:FIRST:COUNT" of /etc/subuid or /etc/subgid grants.
struct IdRange {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  friend bool operator==(IdRange const&, IdRange const&) = default;
};
[[nodiscard]] std::optional<IdRange> find_subordinate_range(std::string_view file, std::string_view user, unsigned uid);

}  // namespace bh::jail
