#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace bh {
void assertion_failed(char const* expression, char const* file, int line) {
  std::fprintf(stderr, "bug: %s does not hold (%s:%d)\n", expression, file, line);
  std::abort();
}
}  // namespace bh
