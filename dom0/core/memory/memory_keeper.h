// MemoryKeeper: the daemon's part in sharing memory. Gathers who holds what, refuses starts that do not fit, and moves balloons when a qube
// comes or goes and when the kernel tells of pressure. What it decides is hypervisor/memory.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dom0/core/store/registry.h"
#include "hypervisor/machine/machine.h"
#include "hypervisor/memory/admission.h"
#include "hypervisor/memory/balance.h"

namespace bh::dom0 {

// A qube that runs or starts.
struct MemoryUser {
  std::string name;
  DomainId domain;
  machine::Mebibytes promised;
  machine::Mebibytes maximum;
  machine::Machine* machine = nullptr;  // nothing held yet if there is none
  bool up = false;                      // its guest listens to its balloon
};

class MemoryKeeper {
 public:
  struct Facts {
    std::function<std::vector<MemoryUser>()> users;
    std::function<memory::HostMemory()> host;
  };
  MemoryKeeper(asio::io_context& io, Registry& registry, Facts facts);

  // Why a qube of that size cannot start now: the account of who holds what. If memory that was lent has to come back first, it is called
  // back, and the start goes on meanwhile, since a guest takes its memory page by page.
  [[nodiscard]] std::optional<std::string> objection_to_start(std::string const& name, machine::Mebibytes promised);
  void rebalance(memory::Pressure pressure, machine::Mebibytes wanted = machine::Mebibytes(0));

 private:
  [[nodiscard]] std::vector<memory::QubeMemory> account(std::vector<MemoryUser> const& users) const;
  void move_balloon(MemoryUser const& user, machine::Mebibytes target);
  void watch_pressure();
  void wait_for_pressure();
  void look_again_later();

  asio::io_context& io_;
  Registry& registry_;
  Facts facts_;
  std::map<DomainId, machine::Mebibytes> allowed_;  // where a balloon was moved; all others have their maximum
  std::optional<asio::posix::stream_descriptor> pressure_;
  asio::steady_timer later_;
  bool rebalance_posted_ = false;
  Registry::Subscription subscription_;
};

// What one start or the next balancing has to go by.
[[nodiscard]] memory::HostMemory read_host_memory();

}  // namespace bh::dom0
