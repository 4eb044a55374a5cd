// What the installed QEMU can do, learned by asking it (--version, -accel help, -device help), and judged.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "hypervisor/host/finding.h"

namespace bh::host {

struct QemuVersion {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t micro = 0;
  auto operator<=>(QemuVersion const&) const = default;
};

struct QemuFacts {
  QemuVersion version;
  std::string package;  // what the distribution calls it, for display
  std::set<std::string> accels;
  std::set<std::string> devices;
};

// "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)".
[[nodiscard]] std::optional<QemuVersion> parse_qemu_version(std::string_view first_line);
// Names after "Accelerators supported in QEMU binary:".
[[nodiscard]] std::set<std::string> parse_accel_help(std::string_view text);
// Lines `name "virtio-blk-pci", bus PCI...`.
[[nodiscard]] std::set<std::string> parse_device_help(std::string_view text);

// Runs the program three times, each with a deadline.
Result<QemuFacts> ask_qemu(std::string const& program);
// Pure. `facts` or the reason why there are none.
[[nodiscard]] Finding judge_qemu(Result<QemuFacts> const& facts);

}  // namespace bh::host
