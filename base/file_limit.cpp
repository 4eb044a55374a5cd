#include "base/file_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace bh {

std::uint64_t raise_file_limit(std::uint64_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  rlim_t const before = limit.rlim_cur;
  limit.rlim_cur = std::max(before, std::min<rlim_t>(wanted, limit.rlim_max));
  if (limit.rlim_cur != before && ::setrlimit(RLIMIT_NOFILE, &limit) != 0) return before;
  return limit.rlim_cur;
}

}  // namespace bh
