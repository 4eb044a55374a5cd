// Error: what failed, in words for a person, and errno where the kernel said no. The default E of Result.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bh {

struct Error {
  std::string message;   // "cannot open /x/y: No such file or directory"
  int errno_value = 0;   // 0: not from the kernel

  // Reads errno; call it first thing after the failed call. `doing` completes "cannot ...".
  static Error from_errno(std::string_view doing);
  static Error from_errno(std::string_view doing, int errno_value);
  // "context: message", keeps errno.
  Error in(std::string_view context) &&;
};

}  // namespace bh
