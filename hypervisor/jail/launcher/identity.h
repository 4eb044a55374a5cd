// Who the jailed program is: its ids, and that it can do nothing with them.
#pragma once

#include "hypervisor/jail/jail_spec.h"

namespace bh::jail {

// For the levels with a user namespace: makes it, maps one id and takes it. `index` chooses among subordinate ids. Afterwards we have every
// capability, inside.
Result<void> enter_user_namespace(JailSpec const& spec, std::uint32_t index);
// Takes the ids of the level (`process` is the own process number as the host knows it) and gives up every capability: none now, none
// after an exec, no way to gain one.
Result<void> become_nobody(JailSpec const& spec, std::uint32_t process);
Result<void> set_limits(JailSpec const& spec);

}  // namespace bh::jail
