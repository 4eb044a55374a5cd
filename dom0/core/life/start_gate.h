// Asks the host gate (hypervisor/host) before a qube starts: a processor that leaks must not run what is expected to attack, and whoever
// starts anything else on it is told. What it found stands in dom0's feature `bulkhead.host-warning`.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "dom0/core/store/registry.h"
#include "hypervisor/machine/machine_spec.h"

namespace bh::dom0 {

class StartGate {
 public:
  // `host_files`: "/", or a test's tree.
  StartGate(Registry& registry, std::filesystem::path host_files) : registry_(registry), host_files_(std::move(host_files)) {}
  // The error is for whoever wanted to start it.
  [[nodiscard]] Result<void> ask(Qube const& qube, machine::Accel accel);

 private:
  void warn(std::string const& why);
  Registry& registry_;
  std::filesystem::path host_files_;
};

// The user's word, a feature of the qube, that it shall start on a leaky host all the same.
inline constexpr char const* kStartOnLeakyHost = "start-on-leaky-host";

}  // namespace bh::dom0
