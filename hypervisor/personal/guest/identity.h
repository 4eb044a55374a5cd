// What makes a machine this one and no other: clock, host name, machine id, boot id.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bh::personal {

// Exactly this time.
Result<void> set_clock(std::uint64_t nanoseconds_since_1970);
// Only if the clock is more than a minute off: the time was some seconds old when it was written down.
Result<void> correct_clock(std::uint64_t seconds_since_1970);

// `root` is "/" but in tests, which have no right to name the machine: then only the files are written.
Result<void> set_host_name(std::filesystem::path const& root, std::string_view name);

// 32 lower hex digits.
[[nodiscard]] bool is_machine_id(std::string_view text);
// Of the kernel's generator, in the form of RFC 4122: hex, and the same with dashes.
[[nodiscard]] Result<std::string> random_id();
[[nodiscard]] std::string with_dashes(std::string const& id);
// /etc/machine-id, which D-Bus's file is a link to.
Result<void> set_machine_id(std::filesystem::path const& root, std::string_view id);
// The kernel made its boot id before the snapshot, so all clones have the same: another file is mounted over it.
Result<void> cover_boot_id(std::filesystem::path const& run_folder, std::string const& id);

}  // namespace bh::personal
