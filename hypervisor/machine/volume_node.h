// The disks of a machine by role. Their names are QEMU's node names and the guest's serial numbers alike.
#pragma once

#include <optional>
#include <string_view>

namespace bh::machine {

enum class Volume { root, private_volume, volatile_volume };

[[nodiscard]] char const* to_string(Volume volume);  // "root", "private", "volatile"
// nullopt: no disk of a guest's.
[[nodiscard]] std::optional<Volume> volume_of(std::string_view name);

}  // namespace bh::machine
