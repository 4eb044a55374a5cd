// DomainConfig -> libxl's own structure. Compiled only where Xen's headers are; the one file that sees them.
#pragma once

#include <string>

#include "hypervisor/xen/libxl_config.h"

namespace bh::xen {

// Fills a structure of libxl and gives it back in libxl's own JSON. That is what tests compare with libxl_json(); the driver to come keeps
// the structure and makes a domain of it.
Result<std::string> through_libxl(DomainConfig const& config);

}  // namespace bh::xen
