// MachineSpec: all that decides how a machine is made, as a plain value. A driver turns it into a running machine and reads
// nothing else; above all not the store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/byte_count.h"
#include "base/error.h"
#include "base/strong_number.h"
#include "hypervisor/machine/snapshot_files.h"

namespace bh::machine {

using Mebibytes = StrongNumber<struct MebibytesTag, std::uint32_t>;
using VcpuCount = StrongNumber<struct VcpuCountTag, std::uint16_t>;
// Places where a network card can be plugged in, from 0.
using WireSlot = StrongNumber<struct WireSlotTag, std::uint16_t>;
using WireCount = StrongNumber<struct WireCountTag, std::uint16_t>;
using Kilohertz = StrongNumber<struct KilohertzTag, std::uint32_t>;

// TCG translates instructions and promises no isolation: whoever shows a machine to a user says so.
enum class Accel { kvm, tcg };
[[nodiscard]] char const* to_string(Accel accel);  // "kvm", "tcg"

inline constexpr ByteCount kDefaultWindowMemory = mebibytes(64);
inline constexpr WireCount kMaxWires{16};

struct MachineSpec {
  std::string name;  // for people: appears in process lists and logs
  std::string uuid;  // 8-4-4-4-12 hex digits
  Mebibytes memory{400};
  VcpuCount vcpus{2};
  Accel accel = Accel::tcg;
  // The host's TSC rate (qemu/tsc_rate.h), wanted under TCG: a busy host makes the guest measure its own wrongly. Not given: the guest
  // gets a PIT to measure by.
  std::optional<Kilohertz> tsc;

  std::filesystem::path kernel;  // an unpacked vmlinux
  std::filesystem::path initrd;
  std::string cmdline;  // the template's; the driver appends console and clock arguments

  // The template's raw image; never written to. What the guest writes goes to a nameless copy-on-write overlay.
  std::optional<std::filesystem::path> root_image;
  std::filesystem::path overlay_folder;  // the file system that holds the overlay's blocks
  std::optional<std::filesystem::path> private_volume;
  std::optional<std::filesystem::path> volatile_volume;  // may be a nameless file, as /proc/self/fd/N
  ByteCount window_memory = kDefaultWindowMemory;  // a power of two; 0: none
  // Empty places for network cards, plugged in with Machine::attach_wire: one for a qube, one for each of its clients for a netvm.
  WireCount wires{1};
  // The guest gives memory back that it has freed, and can be asked for more (Machine::set_balloon). Must be off where clones share memory.
  bool balloon = true;

  // Continue this saved machine instead of booting. All that decides what the machine is made of has to be as it was when saved: the
  // store's key says so. Name, uuid, volumes (of any size; tell the guest with resize_volume) and folders are the clone's own.
  std::optional<SnapshotFiles> restore_from;

  std::filesystem::path run_folder;  // exists; gets qmp.sock, mux.sock, console.log
  std::filesystem::path log_file;    // what the machine monitor itself says
};

[[nodiscard]] std::filesystem::path qmp_socket(std::filesystem::path const& run_folder);
[[nodiscard]] std::filesystem::path mux_socket(std::filesystem::path const& run_folder);
[[nodiscard]] std::filesystem::path console_log(std::filesystem::path const& run_folder);

// Refuses what no driver could run: sizes out of range, a malformed uuid, control characters, missing paths.
[[nodiscard]] Result<void> check(MachineSpec const& spec);

}  // namespace bh::machine
