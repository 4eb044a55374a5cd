// BH_ASSERT: a broken invariant of our own code ends the process, in release builds too. Never used for what a peer sent.
#pragma once

namespace bh {
[[noreturn]] void assertion_failed(char const* expression, char const* file, int line);
}

#define BH_ASSERT(expression) \
  (static_cast<bool>(expression) ? static_cast<void>(0) : ::bh::assertion_failed(#expression, __FILE__, __LINE__))
