// What a QEMU may ask the kernel for, from before its first instruction to its end. Reviewed like code: a line more is a piece of the
// host's kernel more that a guest who has taken over its QEMU can reach.
#pragma once

#include <vector>

#include "base/seccomp_filter.h"
#include "hypervisor/jail/jail_spec.h"

namespace bh::jail {

[[nodiscard]] std::vector<SyscallRule> rules_of(Profile profile);

}  // namespace bh::jail
