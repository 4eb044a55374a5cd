// What a snapshot depends on, as one name. Two machines of one key are alike to the last device, so that one can go on where the other
// was saved; anything that differs makes another key, and an old snapshot is simply never found again.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"
#include "hypervisor/machine/machine_spec.h"

namespace bh::qemu {

struct SnapshotKey {
  std::string text;  // 64 hex digits
  // The guest goes on with the rate it was told; it is compared with some play, since it is measured anew by every daemon.
  std::optional<machine::Kilohertz> tsc;
  friend bool operator==(SnapshotKey const&, SnapshotKey const&) = default;
};

struct SnapshotFacts {
  std::string template_hash;  // of the template's manifest
  std::string tag;            // the caller's: label where snapshots are kept apart, pre-started programs, guest package...
  std::filesystem::path qemu = "qemu-system-x86_64";
  std::filesystem::path cpuinfo = "/proc/cpuinfo";
  std::optional<std::uint64_t> qemu_fingerprint = {};  // file_fingerprint() of `qemu`, where the caller knows it; else worked out (some 50 ms)
};

// Of the machine that is saved and of the one that is restored alike: name, uuid, volumes' paths, folders and restore_from do not count.
// Looks at kernel, initrd, root image and QEMU (reads QEMU's binary: some 10 ms).
Result<SnapshotKey> snapshot_key(machine::MachineSpec const& spec, SnapshotFacts const& facts);

}  // namespace bh::qemu
