// A pool as dom0 remembers it: which driver, and what was set. The volumes themselves are hypervisor/volumes' business.
#pragma once

#include <map>
#include <string>

#include "dom0/core/model/names.h"

namespace bh::dom0 {

struct PoolSpec {
  PoolName name;
  std::string driver;
  // The driver's own (dir_path, volume_group...), and revisions_to_keep and ephemeral_volatile if they were set.
  std::map<std::string, std::string> options = {};
};

}  // namespace bh::dom0
