// Does KVM work here? /dev/kvm being there proves nothing: there are hosts on which it opens and a stock kernel hangs for ever. So a real
// kernel is booted to a marker within a deadline; anything else means TCG, and the reason is told in words.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "hypervisor/machine/machine_spec.h"
#include "hypervisor/qemu/qemu_jail.h"

namespace bh::qemu {

struct AccelAnswer {
  machine::Accel accel = machine::Accel::tcg;
  std::string reason;  // "booted debian's kernel in 0.9 s", "no marker within 10 s"...
  friend bool operator==(AccelAnswer const&, AccelAnswer const&) = default;
};

struct AccelProbe {
  std::filesystem::path kernel;  // vmlinux
  std::filesystem::path initrd;  // prints BULKHEAD-PROBE-OK on ttyS0 when told bulkhead.probe=1
  std::filesystem::path cache;   // file of the last answer; it holds for one boot of the host, one kernel and initrd, one QEMU
  std::filesystem::path qemu = "qemu-system-x86_64";
  QemuJailOptions jail = {};  // its program is the one above
  std::filesystem::path kvm_device = "/dev/kvm";
  std::filesystem::path boot_id = "/proc/sys/kernel/random/boot_id";
  std::chrono::milliseconds deadline{10000};
};

// Blocks up to the deadline unless the answer is cached (call it off the event loop). An error is about the probe's own files only
// (no kernel, no QEMU); a KVM that does not work is an answer, not an error. The probe's QEMU is always ended.
Result<AccelAnswer> probe_accel(AccelProbe const& probe);

struct BootTrial {
  bool came_up = false;
  std::string text;  // in what time, or why not
};
// Boots to the marker with one accelerator, without the cache: what probe_accel asks for KVM.
Result<BootTrial> boot_to_marker(AccelProbe const& probe, machine::Accel accel);

}  // namespace bh::qemu
