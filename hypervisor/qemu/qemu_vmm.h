// The QEMU driver. Every resource is opened here and inherited; QEMU is given no name of any file of ours.
#pragma once

#include <filesystem>

#include "hypervisor/machine/vmm.h"

namespace bh::qemu {

class QemuVmm final : public machine::Vmm {
 public:
  explicit QemuVmm(std::filesystem::path program = "qemu-system-x86_64") : program_(std::move(program)) {}
  Result<std::unique_ptr<machine::Machine>> start(machine::MachineSpec const& spec) override;
  Result<std::unique_ptr<machine::Machine>> adopt(machine::RunningMachine const& record) override;

 private:
  std::filesystem::path program_;
};

}  // namespace bh::qemu
