// Looking over what is to be copied before a call is made: how many bytes, and whether the receiver will take the names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace bh::qfile {

struct TreeFacts {
  std::uint64_t bytes = 0;           // of files and link targets
  bool names_safe = true;            // false: only qubes.Filecopy+allow-all-names takes them
  std::vector<std::string> skipped;  // nothing of these will be sent: devices, pipes, sockets, ignored links
};

// An error for what no receiver takes: links out of their tree (unless ignored), a missing or unreadable file.
Result<TreeFacts> check_trees(std::vector<std::string> const& paths, bool ignore_links);

}  // namespace bh::qfile
