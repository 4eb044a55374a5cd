// Names of channels that a hub which was killed could not take away itself.
#pragma once

#include <filesystem>

#include "hypervisor/vchan/domain.h"

namespace bh::dom0 {

// All that the domain serves, or is a client of.
void remove_vchan_names(std::filesystem::path const& folder, DomainId domain);

}  // namespace bh::dom0
