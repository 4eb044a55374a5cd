// The last step: the system call filter comes into force and the program is run, by the one exec the filter will ever let pass.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "hypervisor/jail/jail_spec.h"

namespace bh::jail {

// Returns only if it failed. The environment is empty.
Error exec_filtered(JailSpec const& spec, std::vector<std::string> const& argv);

}  // namespace bh::jail
