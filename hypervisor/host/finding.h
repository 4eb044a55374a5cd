// One line of doctor's report.
#pragma once

#include <string>
#include <vector>

namespace bh::host {

enum class Level {
  ok,
  weaker,   // works, but a wall is lower than it could be, or something is about to run short
  broken,   // does not work, or a promise is not kept
  unknown,  // could not be learned; counts as not ok
};
[[nodiscard]] char const* to_string(Level level);  // "ok", "weaker", "broken", "unknown"

enum class Group { bulkhead, isolation, machines, storage, display };
[[nodiscard]] char const* to_string(Group group);

struct Finding {
  std::string id;  // stable, for scripts: [a-z0-9-]+
  Group group;
  Level level;
  std::string what;
  std::string to_do;  // empty: nothing
};
using Findings = std::vector<Finding>;

}  // namespace bh::host
