#include "hypervisor/qemu/qemu_vmm.h"

#include <fcntl.h>


#include "base/unix_socket.h"
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

Result<UniqueFd> window_memory_of(RunningMachine const& record) {
  std::string const link = "/proc/" + std::to_string(record.pid) + "/fd/" + std::to_string(child_fd::kWindowMemory);
  BH_TRY(memory, open_file(link, O_RDWR));
  // GUARD: a QEMU that put another file in its place.
  BH_CHECK(volumes::check_window_memory(memory, record.window_memory));
  return memory;
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
  handles.start_files = std::move(jailed.files);
  handles.console = std::move(resources.console);
  handles.window_memory = std::move(resources.window_memory);
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
