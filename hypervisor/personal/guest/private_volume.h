// The private volume on /rw, and what of it stands at /home and /usr/local.
#pragma once

#include "hypervisor/personal/guest/disk.h"

namespace bh::personal {

// Formats it only if its first MiB is zero throughout; anything else that is not ext4 may be somebody's data and is left alone.
Result<void> prepare_private_volume(Disk const& disk);
Result<void> mount_private_volume(Disk const& disk);
// For the end: what the user wrote is on the disk before the machine goes. The mounts stay, for programs may still be in their homes.
Result<void> sync_private_volume();

// A volatile volume, where there is one, becomes swap. Nothing of it outlives the machine.
Result<void> use_as_swap(Disk const& disk);

}  // namespace bh::personal
