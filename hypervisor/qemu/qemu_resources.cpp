#include "hypervisor/qemu/qemu_resources.h"

#include <fcntl.h>

#include "base/posix_io.h"
#include "base/unix_socket.h"
#include "hypervisor/qemu/argv.h"
#include "hypervisor/volumes/root_overlay.h"
#include "hypervisor/volumes/window_memory.h"

namespace bh::qemu {

using machine::MachineSpec;

namespace {

// Each machine reads with an offset of its own: a second descriptor of one open file would share it.
Result<UniqueFd> reopen(UniqueFd const& file) { return open_file("/proc/self/fd/" + std::to_string(file.borrow()), O_RDONLY); }

}  // namespace

Result<QemuResources> QemuResources::open(MachineSpec const& spec) {
  QemuResources all;
  auto const into = [](UniqueFd& place, Result<UniqueFd> opened) -> Result<void> {
    if (!opened) return Failure{std::move(opened).error()};
    place = *std::move(opened);
    return {};
  };
  BH_CHECK(into(all.kernel, open_file(spec.kernel, O_RDONLY)));
  BH_CHECK(into(all.initrd, open_file(spec.initrd, O_RDONLY)));
  if (spec.root_image) {
    BH_CHECK(into(all.root_image, open_file(*spec.root_image, O_RDONLY)));
    BH_CHECK(into(all.root_overlay, volumes::make_root_overlay(spec.overlay_folder, all.root_image)));
  }
  if (spec.private_volume) BH_CHECK(into(all.private_volume, open_file(*spec.private_volume, O_RDWR | O_NOFOLLOW)));
  if (spec.volatile_volume) BH_CHECK(into(all.volatile_volume, open_file(*spec.volatile_volume, O_RDWR)));
  bool const shares = spec.restore_from && spec.restore_from->shared_memory != nullptr;
  BH_CHECK(into(all.ram, shares ? spec.restore_from->shared_memory->duplicate() : make_sealed_memory("bulkhead-ram", mebibytes(spec.memory.value()).value())));
  if (spec.restore_from) BH_CHECK(into(all.snapshot_state, reopen(*spec.restore_from->state)));
  if (spec.restore_from && spec.root_image) BH_CHECK(into(all.snapshot_overlay, reopen(*spec.restore_from->overlay)));
  if (spec.window_memory.value() != 0) BH_CHECK(into(all.window_memory, volumes::make_window_memory(spec.window_memory)));
  BH_CHECK(into(all.log, open_file(spec.log_file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600)));
  BH_CHECK(into(all.console, open_file(machine::console_log(spec.run_folder), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW, 0600)));
  BH_CHECK(into(all.qmp_listener, listen_unix(machine::qmp_socket(spec.run_folder))));
  BH_CHECK(into(all.mux_listener, listen_unix(machine::mux_socket(spec.run_folder))));
  return all;
}

std::vector<std::pair<UniqueFd const*, int>> QemuResources::inherited() const {
  std::pair<UniqueFd const*, int> const all[] = {
      {&log, 1},
      {&log, 2},
      {&qmp_listener, child_fd::kQmp},
      {&mux_listener, child_fd::kMux},
      {&console, child_fd::kConsole},
      {&kernel, child_fd::kKernel},
      {&initrd, child_fd::kInitrd},
      {&root_image, child_fd::kRootImage},
      {&root_overlay, child_fd::kRootOverlay},
      {&private_volume, child_fd::kPrivate},
      {&window_memory, child_fd::kWindowMemory},
      {&ram, child_fd::kRam},
      {&volatile_volume, child_fd::kVolatile},
      {&snapshot_overlay, child_fd::kSnapshotOverlay},
      {&snapshot_state, child_fd::kSnapshotState},
  };
  std::vector<std::pair<UniqueFd const*, int>> open_ones;
  for (auto const& entry : all) {
    if (entry.first->open()) open_ones.push_back(entry);
  }
  return open_ones;
}

}  // namespace bh::qemu
