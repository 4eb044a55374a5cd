// When to warn that a pool fills up: once for each threshold that is passed, and again only after it was well below it. Pure.
#pragma once

#include <optional>

#include "hypervisor/volumes/pool/pool.h"

namespace bh::volumes {

class FillAlarm {
 public:
  // The threshold in percent that was passed since the last look; of several the highest.
  std::optional<int> look(PoolUsage const& usage);

 private:
  int passed_ = 0;
};

// 0 to 100, of data or metadata, whichever is fuller; rounded down.
[[nodiscard]] int percent_full(PoolUsage const& usage);

}  // namespace bh::volumes
