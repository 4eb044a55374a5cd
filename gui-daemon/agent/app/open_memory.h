// Opens the window memory: a descriptor given, a path given, or the ivshmem device found on the PCI bus.
#pragma once

#include <filesystem>

#include "base/mapping.h"

namespace bh::gui_agent {

// The whole file behind the descriptor.
Result<Mapping> map_descriptor(UniqueFd const& fd);
Result<Mapping> map_path(std::filesystem::path const& path);
// resource2_wc of the first PCI device 1af4:1110 below `devices` (/sys/bus/pci/devices).
Result<std::filesystem::path> find_window_memory(std::filesystem::path const& devices);

}  // namespace bh::gui_agent
