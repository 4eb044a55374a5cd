#include "hypervisor/machine/volume_node.h"

namespace bh::machine {

char const* to_string(Volume volume) {
  switch (volume) {
    case Volume::root: return "root";
    case Volume::private_volume: return "private";
    case Volume::volatile_volume: return "volatile";
  }
  return "?";
}

std::optional<Volume> volume_of(std::string_view name) {
  for (Volume const volume : {Volume::root, Volume::private_volume, Volume::volatile_volume}) {
    if (name == to_string(volume)) return volume;
  }
  return std::nullopt;
}

}  // namespace bh::machine
