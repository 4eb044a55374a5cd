// Decides once for each template's kernel whether KVM works here, off the daemon's thread, and says so on dom0's features
// `bulkhead.accel` and `bulkhead.accel-reason`, where CLI, tray and doctor read it.
#pragma once

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "dom0/core/life/running_qube.h"
#include "hypervisor/qemu/accel_probe.h"

namespace bh::dom0 {

class AccelDecision {
 public:
  // Blocks for up to the probe's deadline; called on a thread of its own.
  using Probe = std::function<Result<qemu::AccelAnswer>(volumes::TemplateImage const&)>;

  AccelDecision(asio::io_context& io, Registry& registry, Probe probe) : io_(io), registry_(registry), probe_(std::move(probe)) {}
  // The callback comes on the daemon's thread, maybe before this returns.
  void ask(volumes::TemplateImage const& image, std::function<void(machine::Accel)> callback);
  // Calls back once nothing is being asked; maybe before this returns.
  void when_known(std::function<void()> callback);

 private:
  struct Entry {
    std::optional<machine::Accel> accel;
    std::vector<std::function<void(machine::Accel)>> waiting;
  };
  void answered(std::string const& kernel, qemu::AccelAnswer const& answer);
  asio::io_context& io_;
  Registry& registry_;
  Probe probe_;
  std::map<std::string, Entry> entries_;  // by template hash
  asio::thread_pool worker_{1};           // last: joined before anything it uses goes
};

}  // namespace bh::dom0
