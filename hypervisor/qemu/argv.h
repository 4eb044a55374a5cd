// MachineSpec -> QEMU's argument vector: a pure function. Files and sockets appear as numbers of inherited descriptors, never as names.
#pragma once

#include <string>
#include <vector>

#include "hypervisor/machine/machine_spec.h"

namespace bh::qemu {

// The descriptor numbers in QEMU's process. 0 is /dev/null, 1 and 2 the log.
namespace child_fd {
inline constexpr int kQmp = 3;
inline constexpr int kMux = 4;
inline constexpr int kConsole = 5;
inline constexpr int kKernel = 6;
inline constexpr int kInitrd = 7;
inline constexpr int kRootImage = 8;
inline constexpr int kRootOverlay = 9;
inline constexpr int kPrivate = 10;
inline constexpr int kWindowMemory = 11;
inline constexpr int kRam = 12;
inline constexpr int kVolatile = 13;
inline constexpr int kSnapshotOverlay = 14;  // of a restored machine
inline constexpr int kSnapshotState = 15;
}  // namespace child_fd

// `spec` has passed machine::check(). argv[0] is the program.
[[nodiscard]] std::vector<std::string> argv(machine::MachineSpec const& spec, std::string const& program);


// The same machine without disks, ports and control: kernel, initrd and console only, told `bulkhead.probe=1`.
[[nodiscard]] std::vector<std::string> probe_argv(machine::MachineSpec const& spec, std::string const& program);

}  // namespace bh::qemu
