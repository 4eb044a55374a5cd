#include "hypervisor/qemu/qemu_vmm.h"

#include <fcntl.h>


#include "base/unix_socket.h"
#include "hypervisor/qemu/copy_threads.h"
#include "hypervisor/qemu/memory_image.h"
#include "hypervisor/qemu/argv.h"
#include "hypervisor/qemu/qemu_machine.h"
#include "hypervisor/qemu/qemu_resources.h"
#include "hypervisor/volumes/window_memory.h"

namespace bh::qemu {

using namespace machine;

namespace {

Result<jail::JailedProcess> spawn_qemu(MachineSpec const& spec, QemuJail& jail, QemuResources const& resources) {
  QemuStart start;
  start.accel = spec.accel;
  start.argv = argv(spec, "qemu-system-x86_64");
  start.fds = resources.inherited();
  start.reopened = {&resources.kernel, &resources.initrd};
  return jail.start(start);
}

// Open for writing (to cap it) and for reading (to quote it).
Result<UniqueFd> open_log(std::filesystem::path const& path) { return open_file(path, O_RDWR | O_NOFOLLOW); }

std::string descriptor_of(RunningMachine const& record, int number) { return "/proc/" + std::to_string(record.pid) + "/fd/" + std::to_string(number); }

Result<UniqueFd> window_memory_of(RunningMachine const& record) {
  BH_TRY(memory, open_file(descriptor_of(record, child_fd::kWindowMemory), O_RDWR));
  // GUARD: a QEMU that put another file in its place.
  BH_CHECK(volumes::check_window_memory(memory, record.window_memory));
  return memory;
}

// Fills the machine's memory while its process starts. Returns the microseconds that took.
Result<std::unique_ptr<BackgroundTask>> begin_loading(SnapshotFiles const& files, UniqueFd const& ram, ByteCount size) {
  if (files.shared_memory != nullptr) return BackgroundTask::start([](std::stop_token const&) -> Result<std::uint64_t> { return std::uint64_t{0}; });
  BH_TRY(own, ram.duplicate());
  auto const into = std::make_shared<UniqueFd const>(std::move(own));
  return BackgroundTask::start([from = files.memory, into, size](std::stop_token const& stop) -> Result<std::uint64_t> {
    auto const begin = Clock::now();
    BH_CHECK(load_memory(CopyRange{*from, *into, size}, copy_threads(), stop));
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count());
  });
}

}  // namespace

Result<std::unique_ptr<Machine>> QemuVmm::start(MachineSpec const& spec) {
  BH_CHECK(check(spec));
  BH_TRY(resources, QemuResources::open(spec));
  QemuHandles handles;
  BH_TRY(log, open_log(spec.log_file));
  handles.log = std::move(log);
  handles.log_start = log_size(handles.log);
  // Connected before QEMU runs: the connection waits in the listener's queue.
  BH_TRY(qmp, connect_unix(qmp_socket(spec.run_folder)));
  handles.qmp = std::move(qmp);
  handles.qmp_path = qmp_socket(spec.run_folder);
  BH_TRY(jailed, spawn_qemu(spec, jail_, resources));
  ChildProcess process = std::move(jailed.process);
  if (spec.restore_from) {
    auto loading = begin_loading(*spec.restore_from, resources.ram, mebibytes(spec.memory.value()));
    if (!loading) {
      (void)process.terminate(std::chrono::milliseconds(0));
      return Failure{std::move(loading).error()};
    }
    handles.loading = *std::move(loading);
  }
  handles.start_files = std::move(jailed.files);
  handles.console = std::move(resources.console);
  handles.window_memory = std::move(resources.window_memory);
  handles.window_memory_size = spec.window_memory;
  handles.ram = std::move(resources.ram);
  handles.root_overlay = std::move(resources.root_overlay);
  handles.shares_memory = spec.restore_from && spec.restore_from->shared_memory != nullptr;
  int const pid = process.pid();
  std::uint64_t const start_time = process.start_time();
  auto made = QemuMachine::create(std::move(process), std::move(handles));
  if (made) return made;
  // Nobody would know of it.
  if (auto stray = ChildProcess::adopt(pid, start_time)) (void)stray->terminate(std::chrono::milliseconds(0));
  return made;
}

Result<std::unique_ptr<Machine>> QemuVmm::adopt(RunningMachine const& record) {
  BH_TRY(process, ChildProcess::adopt(record.pid, record.start_time));
  QemuHandles handles;
  handles.adopted = true;
  // Only measured: nothing depends on its being the file that it was.
  if (auto ram = open_file(descriptor_of(record, child_fd::kRam), O_RDONLY)) handles.ram = *std::move(ram);
  if (record.window_memory.value() != 0) {
    BH_TRY(memory, window_memory_of(record));
    handles.window_memory = std::move(memory);
  }
  BH_TRY(console, open_file(console_log(record.run_folder), O_WRONLY | O_APPEND | O_NOFOLLOW));
  handles.console = std::move(console);
  if (!record.log_file.empty()) {
    // Only quoted and kept short: a log that somebody tidied away is no reason to give the machine up.
    if (auto log = open_log(record.log_file)) {
      handles.log_start = log_size(*log);
      handles.log = *std::move(log);
    }
  }
  BH_TRY(qmp, connect_unix(qmp_socket(record.run_folder)));
  handles.qmp = std::move(qmp);
  handles.qmp_path = qmp_socket(record.run_folder);
  return QemuMachine::create(std::move(process), std::move(handles));
}

}  // namespace bh::qemu
