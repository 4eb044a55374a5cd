// Vmm: makes machines. One implementation a hypervisor, and FakeVmm for tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "hypervisor/machine/machine.h"
#include "hypervisor/machine/machine_spec.h"

namespace bh::machine {

// A machine that an earlier daemon started, as recorded in processes.json.
struct RunningMachine {
  int pid = 0;
  std::uint64_t start_time = 0;
  std::filesystem::path run_folder;
  std::filesystem::path log_file;  // as in its spec; may be empty
  ByteCount window_memory = kDefaultWindowMemory;  // as in its spec
};

class Vmm {
 public:
  Vmm() = default;
  Vmm(Vmm const&) = delete;
  Vmm& operator=(Vmm const&) = delete;
  virtual ~Vmm() = default;

  // Opens every resource, starts the process, returns. MachineUp follows, or MachineStopped with the reason why not.
  virtual Result<std::unique_ptr<Machine>> start(MachineSpec const& spec) = 0;
  // MachineUp follows, and MachinePaused if it is. An error: no such process any more (ESRCH), or not one of ours.
  virtual Result<std::unique_ptr<Machine>> adopt(RunningMachine const& record) = 0;
};

}  // namespace bh::machine
