// journald began before the machine had its ids: its folder has the snapshot's name and its entries the snapshot's boot. It is told to begin
// anew, which costs a process; so this is done once nothing waits for it.
#pragma once

#include <string>

#include "base/error.h"

namespace bh::personal {

Result<void> renew_journal(std::string const& old_machine_id, std::string const& machine_id);

}  // namespace bh::personal
