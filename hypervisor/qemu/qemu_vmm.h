// The QEMU driver. Every resource is opened here and inherited; QEMU is given no name of any file of ours.
#pragma once

#include "hypervisor/machine/vmm.h"
#include "hypervisor/qemu/qemu_jail.h"

namespace bh::qemu {

class QemuVmm final : public machine::Vmm {
 public:
  explicit QemuVmm(QemuJailOptions options = {}) : jail_(std::move(options)) {}
  Result<std::unique_ptr<machine::Machine>> start(machine::MachineSpec const& spec) override;
  Result<std::unique_ptr<machine::Machine>> adopt(machine::RunningMachine const& record) override;

 private:
  QemuJail jail_;
};

}  // namespace bh::qemu
