// The files of a jail: a root of its own with nothing in it but what was asked for, read-only, and later nothing at all.
#pragma once

#include <span>

#include "hypervisor/jail/jail_spec.h"

namespace bh::jail {

// Precondition: mount and process namespaces of our own, with power over them. Afterwards "/" is a read-only tmpfs with the files, a /proc
// with our own processes and nothing else; of the host's tree nothing is left, for any process of this mount namespace.
Result<void> enter_mount_tree(std::span<JailFile const> files);
// Puts an empty root in the place of the one above, for every process of this mount namespace. What they have open or mapped stays theirs.
Result<void> empty_mount_tree();

}  // namespace bh::jail
