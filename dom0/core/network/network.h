// Network: the daemon's part in wires. Learns from the house's own events when something may have changed, and lets Wiring act.
#pragma once

#include <asio/io_context.hpp>

#include <functional>
#include <vector>

#include "dom0/core/network/wiring.h"
#include "dom0/core/store/registry.h"

namespace bh::dom0 {

class Network {
 public:
  using Machines = std::function<std::vector<WiredMachine>()>;
  Network(asio::io_context& io, Registry& registry, Paths const& paths, Machines machines);

  // After the machines of an earlier bulkheadd were taken over.
  void adopt();
  // Something changed that no event of the registry tells (a guest acknowledged its reseed). Acts a moment later.
  void machines_changed();
  void on_event(DomainId machine, machine::MachineEvent const& event) { wiring_.on_event(machine, event); }

 private:
  void on_registry_event(admin::Event const& event);
  void problem(std::string const& qube, std::string const& text);

  asio::io_context& io_;
  Registry& registry_;
  Wiring wiring_;
  bool update_posted_ = false;
  Registry::Subscription subscription_;
};

}  // namespace bh::dom0
