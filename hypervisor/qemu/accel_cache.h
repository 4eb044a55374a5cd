// The last answer of the accelerator probe, in a small text file. Pure codec; what does not read back as ours is no answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hypervisor/qemu/accel_probe.h"

namespace bh::qemu {

// What an answer depends on. Each is one line of text.
struct AccelKey {
  std::string boot_id;
  std::string kernel;  // fingerprint of kernel and initrd
  std::string qemu;    // its version
};

[[nodiscard]] std::string format_accel_cache(AccelKey const& key, AccelAnswer const& answer);
// nullopt: another key, or not such a file.
[[nodiscard]] std::optional<AccelAnswer> parse_accel_cache(std::string_view text, AccelKey const& key);

}  // namespace bh::qemu
