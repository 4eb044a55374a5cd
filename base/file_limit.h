// How many descriptors this process may hold: the customary 1024 is less than a hub at its own limits, or a daemon of many qubes, needs.
#pragma once

#include <cstdint>

namespace bh {

// Raises the soft limit to `wanted`, or to the hard limit if that is lower; never lowers it. Gives the limit that holds now.
std::uint64_t raise_file_limit(std::uint64_t wanted);

}  // namespace bh
