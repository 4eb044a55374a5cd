// LifeCycle: what the Admin API asks of whoever runs qubes. Nothing blocks: the answer comes through `Done`, exactly once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_count.h"
#include "base/result.h"
#include "dom0/client/reply.h"
#include "dom0/core/life/snapshot_keeper.h"
#include "hypervisor/vchan/domain.h"

namespace bh::dom0 {

// Names as on the wire (admin-api.md 2).
enum class PowerState { halted, transient, running, paused, suspended, halting, dying };
[[nodiscard]] std::string_view to_string(PowerState state);

struct RunInfo {
  PowerState state = PowerState::halted;
  std::optional<DomainId> domain = {};
  int pid = 0;                    // of the machine's process
  std::int64_t started_unix = 0;  // seconds
  std::string last_end = {};      // of a qube that ended without having been asked to: why
  std::string timing = {};        // how the last start went, phase by phase (start_timing.h)
};

struct ShutdownRequest {
  bool force = false;  // also when paused
  bool wait = false;   // answer when the qube has stopped, not when it was asked to
};

class LifeCycle {
 public:
  using Done = std::function<void(Result<void, admin::Exception>)>;

  LifeCycle() = default;
  LifeCycle(LifeCycle const&) = delete;
  LifeCycle& operator=(LifeCycle const&) = delete;
  virtual ~LifeCycle() = default;

  // A name that is not a qube's is halted.
  [[nodiscard]] virtual RunInfo info(std::string_view qube) const = 0;
  // Success also for a qube that runs already; a call for one that is starting waits with the first.
  virtual void start(std::string const& qube, Done done) = 0;
  virtual void shutdown(std::string const& qube, ShutdownRequest request, Done done) = 0;
  virtual void kill(std::string const& qube, Done done) = 0;
  virtual void pause(std::string const& qube, Done done) = 0;
  // The volume has grown: a running qube's machine and guest are told. Success at once for one that does not run.
  virtual void volume_grown(std::string const& qube, std::string const& volume, ByteCount size, Done done) = 0;
  virtual void unpause(std::string const& qube, Done done) = 0;
  virtual void suspend(std::string const& qube, Done done) = 0;
  virtual void resume(std::string const& qube, Done done) = 0;

  virtual void list_snapshots(std::function<void(Result<std::vector<KeptSnapshot>, admin::Exception>)> done) = 0;
  // For qubes like this one, whether there is one already or not.
  virtual void build_snapshot(std::string const& qube, Done done) = 0;
  virtual void remove_snapshot(std::string const& key, Done done) = 0;
};

}  // namespace bh::dom0
