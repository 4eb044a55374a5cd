// SeccompFilter: the system calls a process may still make, as a list of what is allowed. A filter can only be added, never taken back,
// and holds for all threads and children that come after it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/error.h"

namespace bh {

// Argument `index` of a call, masked, has this value.
struct SyscallArgument {
  unsigned index;
  std::uint64_t mask;
  std::uint64_t value;
};

// One permitted call. All arguments named must fit; several rules of one name mean "any of them".
struct SyscallRule {
  char const* name;
  std::vector<SyscallArgument> arguments = {};
  int refuse_with = 0;  // not 0: not allowed, but refused with this errno rather than as the filter refuses all others
};

enum class Refusal {
  // The call fails with EPERM. For programs of others that try one thing and fall back to another.
  fails,
  // The process ends at once. For our own programs, where a call outside the list means that somebody else is in charge.
  kills,
};

class SeccompFilter {
 public:
  // `logged`: the kernel's log names each refused call, as far as its own settings let it.
  static Result<SeccompFilter> build(std::span<SyscallRule const> rules, Refusal refusal, bool logged);

  SeccompFilter(SeccompFilter&&) noexcept = default;
  SeccompFilter& operator=(SeccompFilter&&) noexcept = default;
  ~SeccompFilter() = default;

  // From here on, for this thread and what it starts; `all_threads`: for those that run already, too. Sets no_new_privs.
  Result<void> load(bool all_threads = false) const;

 private:
  struct Release {
    void operator()(void* context) const;
  };
  explicit SeccompFilter(void* context) : context_(context) {}
  std::unique_ptr<void, Release> context_;
};

}  // namespace bh
