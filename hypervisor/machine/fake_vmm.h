// FakeVmm: machines without a hypervisor, for tests of what stands above. A test looks at what was started and makes events happen.
// The "process" of a fake machine is the test's own (pid and start time are real, so that records can be checked).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hypervisor/machine/vmm.h"

namespace bh::machine {

struct FakeMachineState;

class FakeVmm final : public Vmm {
 public:
  FakeVmm();
  ~FakeVmm() override;
  Result<std::unique_ptr<Machine>> start(MachineSpec const& spec) override;
  // Finds a fake machine that still runs by its run folder, as if the daemon had been started again.
  Result<std::unique_ptr<Machine>> adopt(RunningMachine const& record) override;

  // The next start fails with this text.
  void refuse_next_start(std::string text);
  // The next machine that is made from a snapshot starts and then stops with this text (StopReason::failed).
  void fail_next_restore(std::string text);
  // Machines ignore the power button and requests (as a guest that hangs); only kill() works.
  void make_guests_deaf(bool deaf);
  [[nodiscard]] std::vector<MachineSpec> const& started() const { return started_; }
  // What the last adopt() was given.
  [[nodiscard]] RunningMachine const& last_adopted() const { return last_adopted_; }
  // How often the power button was pressed, deaf guest or not.
  [[nodiscard]] int power_presses(std::string const& name) const;
  [[nodiscard]] bool runs(std::string const& name) const;
  // An event as from the hypervisor; MachineStopped ends the machine.
  void happen(std::string const& name, MachineEvent event);

 private:
  std::map<std::string, std::shared_ptr<FakeMachineState>> machines_;
  std::vector<MachineSpec> started_;
  RunningMachine last_adopted_;
  std::optional<std::string> refusal_;
  std::optional<std::string> restore_refusal_;
  std::shared_ptr<bool> deaf_;
};

}  // namespace bh::machine
