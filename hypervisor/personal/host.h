// dom0's side of a personalisation: one process a start, which sends a clone its orders and says what came of it in one word a line.
#pragma once

#include <cstdio>
#include <filesystem>

#include "base/posix_io.h"
#include "hypervisor/vchan/domain.h"

namespace bh::personal {

struct HostOptions {
  DomainId domain;
  std::filesystem::path vchan_folder;
  std::filesystem::path facts_file;  // the clone's guest.env
  std::chrono::seconds timeout{30};
};

enum class HostEnd { personalised, failed, no_answer };

// Prints `reseeded`, `personalised` or `failed TEXT` to `out`, flushed line by line.
HostEnd personalise(HostOptions const& options, std::FILE* out);

}  // namespace bh::personal
