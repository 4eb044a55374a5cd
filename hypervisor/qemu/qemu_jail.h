// QemuJail: how QEMU processes are started here. By default in the strongest jail that the host allows.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hypervisor/jail/host_level.h"
#include "hypervisor/jail/jailed_process.h"
#include "hypervisor/jail/program_files.h"
#include "hypervisor/machine/machine_spec.h"

namespace bh::qemu {

struct QemuJailOptions {
  std::filesystem::path program = "qemu-system-x86_64";
  std::filesystem::path launcher;  // bulkhead-jail; empty: beside our own program
  // Not given: the strongest the host allows. A level asked for is built or is an error.
  std::optional<jail::Level> level;
  bool log_refusals = false;
};

struct QemuStart {
  machine::Accel accel = machine::Accel::tcg;
  std::vector<std::string> argv;  // argv[0] is replaced
  std::vector<std::pair<UniqueFd const*, int>> fds;
  std::vector<UniqueFd const*> reopened;  // of those, the files that QEMU opens once more by /proc/self/fd
  std::optional<std::filesystem::path> cgroup;
  bool die_with_parent = false;
};

class QemuJail {
 public:
  explicit QemuJail(QemuJailOptions options = {}) : options_(std::move(options)) {}

  // Waits the milliseconds that a jail takes.
  Result<jail::JailedProcess> start(QemuStart const& start);
  // What start() builds, and why nothing stronger.
  [[nodiscard]] Result<jail::JailPlan> plan(machine::Accel accel) const;

 private:
  Result<jail::QemuFiles const*> files();
  Result<jail::JailSpec> spec_for(QemuStart const& start, jail::JailPlan const& plan, jail::QemuFiles const& files) const;

  QemuJailOptions options_;
  std::optional<jail::QemuFiles> files_;
  std::uint64_t fingerprint_ = 0;  // of the program the files belong to
};

}  // namespace bh::qemu
