// QemuMachine: a QEMU process, its control connection and a timer, behind one epoll descriptor.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/child_process.h"
#include "hypervisor/jail/jailed_process.h"
#include "hypervisor/machine/machine.h"
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
  Result<void> pause() override { return request(QmpRequest::stop); }
  Result<void> resume() override { return request(QmpRequest::cont); }
  Result<void> press_power_button() override { return request(QmpRequest::system_powerdown); }
  Result<void> save(machine::SnapshotTarget const& target) override;
  Result<void> resize_volume(machine::Volume volume, ByteCount size) override;
  Result<void> attach_wire(machine::WireSlot slot, UniqueFd socket, machine::MacAddress const& address) override;
  Result<void> detach_wire(machine::WireSlot slot) override;
  Result<void> set_balloon(machine::Mebibytes target) override;
  Result<ByteCount> memory_in_use() const override;
  Result<void> kill() override;

 private:
  using Events = std::vector<machine::MachineEvent>;

  QemuMachine(ChildProcess process, QemuHandles handles, UniqueFd epoll, UniqueFd timer, std::uint64_t first_id)
      : process_(std::move(process)), handles_(std::move(handles)), epoll_(std::move(epoll)), timer_(std::move(timer)), session_(first_id) {}
  Result<void> watch(UniqueFd const& fd, bool for_writing);
  Result<void> start_timer(std::chrono::milliseconds first);
  Result<void> request(QmpRequest request);
  void read_qmp(Events& events);
  void write_qmp(Events& events);
  Result<void> connect_again();
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
  int silent_turns_ = 0;  // of the timer, since the last connection, without an end of the handshake
  int connections_ = 1;
  bool wants_to_write_ = false;
  bool monitor_ended_ = false;  // end of stream seen, not yet told
  bool kill_sent_ = false;
  bool stopped_ = false;
};

}  // namespace bh::qemu
