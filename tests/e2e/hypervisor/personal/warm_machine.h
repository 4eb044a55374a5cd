// A machine of a snapshot with dom0's programs beside it: its hub, its personalisation, its qrexec-daemon.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "hypervisor/machine/machine.h"
#include "hypervisor/qemu/qemu_vmm.h"
#include "hypervisor/vchan/channel_name.h"

namespace bh::test {

// A child whose output is kept.
struct Spoken {
  ChildProcess child;
  UniqueFd out;
  // One line; empty at the end, or when none came in time.
  std::string line(Deadline deadline);
  std::string all(Deadline deadline);
  std::string held{};  // of a line that is not whole yet
};

class WarmMachine {
 public:
  WarmMachine(std::filesystem::path folder, DomainId domain) : folder_(std::move(folder)), domain_(domain) {}
  ~WarmMachine();
  WarmMachine(WarmMachine const&) = delete;
  WarmMachine& operator=(WarmMachine const&) = delete;

  // `facts`: lines of guest.env beyond the numbers and places.
  void start(qemu::QemuVmm& vmm, machine::MachineSpec spec, std::string const& facts);
  void start_hub();
  [[nodiscard]] bool serves(std::uint32_t port) const;
  // Until the machine's server of that port is seen in dom0's folder.
  [[nodiscard]] bool wait_for_server(std::uint32_t port, Deadline deadline) const;
  Spoken personalise() const;
  void start_qrexec();
  // What the command says in the qube.
  [[nodiscard]] std::string call(std::string const& command, std::string const& user = "user");
  [[nodiscard]] machine::Machine& machine() { return *machine_; }
  [[nodiscard]] std::filesystem::path const& folder() const { return folder_; }
  [[nodiscard]] std::string console() const;
  void kill();

 private:
  [[nodiscard]] std::filesystem::path socket_of(std::uint32_t port) const;
  std::filesystem::path folder_;
  DomainId domain_;
  std::unique_ptr<machine::Machine> machine_;
  std::vector<ChildProcess> children_;
};

}  // namespace bh::test
