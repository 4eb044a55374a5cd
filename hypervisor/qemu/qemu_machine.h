// QemuMachine: a QEMU process, its control connection and a timer, behind one epoll descriptor.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/background_task.h"
#include "base/child_process.h"
#include "hypervisor/jail/jailed_process.h"
#include "hypervisor/machine/machine.h"
#include "base/posix_io.h"
#include "hypervisor/machine/vmm.h"
#include "hypervisor/qemu/capped_log.h"
#include "hypervisor/qemu/qmp_session.h"

namespace bh::qemu {

// What is kept of a machine besides its process.
struct QemuHandles {
  UniqueFd qmp;  // connected
  std::filesystem::path qmp_path;  // where to connect once more if QEMU does not answer; may be empty
  UniqueFd console;
  UniqueFd log;  // readable; may be closed
  ByteCount log_start;
  UniqueFd window_memory;
  ByteCount window_memory_size;
  UniqueFd ram;           // may be closed: then it cannot be measured or saved
  UniqueFd root_overlay;  // may be closed
  bool adopted = false;        // an earlier daemon started it: its files are not in our hands
  bool shares_memory = false;  // what it has written is in no file
  // Of a machine that is restored: copies its memory, and returns how many microseconds that took. The state is loaded when it is done.
  std::unique_ptr<BackgroundTask> loading;
  jail::StartFiles start_files;  // until it is up
  std::chrono::milliseconds turn{10000};  // of the regular look at logs and at a QEMU that does not answer
};

class QemuMachine final : public machine::Machine {
 public:
  static Result<std::unique_ptr<machine::Machine>> create(ChildProcess process, QemuHandles handles);

  int pid() const override { return process_.pid(); }
  std::uint64_t start_time() const override { return process_.start_time(); }
  UniqueFd const& pollable() const override { return epoll_; }
  UniqueFd const& window_memory() const override { return handles_.window_memory; }
  std::vector<machine::MachineEvent> handle() override;
  Result<void> pause() override { return request(job::pause()); }
  Result<void> resume() override { return request(job::resume()); }
  Result<void> press_power_button() override { return request(job::press_power_button()); }
  Result<void> save(machine::SnapshotTarget const& target) override;
  Result<void> resize_volume(machine::Volume volume, ByteCount size) override { return request(job::resize(volume, size)); }
  Result<void> attach_wire(machine::WireSlot slot, UniqueFd socket, machine::MacAddress const& address) override;
  Result<void> detach_wire(machine::WireSlot slot) override { return request(job::detach_wire(slot)); }
  Result<void> set_balloon(machine::Mebibytes target) override { return request(job::set_balloon(target)); }
  Result<ByteCount> memory_in_use() const override;
  Result<void> kill() override;

 private:
  using Events = std::vector<machine::MachineEvent>;

  QemuMachine(ChildProcess process, QemuHandles handles, UniqueFd epoll, UniqueFd timer, std::uint64_t first_id)
      : process_(std::move(process)), handles_(std::move(handles)), epoll_(std::move(epoll)), timer_(std::move(timer)),
        session_(first_id, handles_.loading == nullptr ? RestoreStage::none : RestoreStage::waiting) {}
  Result<void> watch(UniqueFd const& fd, bool for_writing);
  Result<void> start_timer(std::chrono::milliseconds first);
  Result<void> request(QmpJob job);
  Result<void> send_soon();
  void read_qmp(Events& events);
  void write_qmp(Events& events);
  Result<void> connect_again();
  void go_on_restoring(Events& events);
  void give_up_restore(std::string why);
  void go_on_saving(Events& events);
  void check_handshake(Events& events);
  void lose_monitor(std::string why, Events& events);
  void end_of_qmp();
  void on_timer(Events& events);
  void collect(Events& events);

  ChildProcess process_;
  QemuHandles handles_;
  UniqueFd epoll_;
  UniqueFd timer_;
  QmpSession session_;
  std::chrono::microseconds copy_time_{};  // of a restore
  Clock::time_point load_begun_;
  std::string restore_failure_;
  // Of a save: from the request to the end of the copy.
  std::optional<machine::SnapshotTarget> save_target_;
  std::shared_ptr<UniqueFd const> saved_state_;
  std::unique_ptr<BackgroundTask> saving_;
  int silent_turns_ = 0;  // of the timer, since the last connection, without an end of the handshake
  int connections_ = 1;
  bool wants_to_write_ = false;
  bool monitor_ended_ = false;  // end of stream seen, not yet told
  bool kill_sent_ = false;
  bool stopped_ = false;
};

}  // namespace bh::qemu
