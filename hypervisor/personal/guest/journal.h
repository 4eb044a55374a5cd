// journald began before the machine had its ids: it writes into a folder of the snapshot's machine id, where journalctl does not look, and
// signs with the snapshot's boot. It is made to begin anew, which costs a process; so this is done once nothing waits for it.
#pragma once

#include "base/error.h"

namespace bh::personal {

Result<void> renew_journal();

}  // namespace bh::personal
