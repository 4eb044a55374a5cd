// App: bulkheadd without its main(). Everything it depends on is handed in, so that tests run the same code with machines that are fake.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "base/error.h"
#include "base/paths.h"
#include "dom0/core/life/accel_decision.h"
#include "hypervisor/memory/account.h"
#include "dom0/core/life/snapshot_keeper.h"
#include "hypervisor/machine/vmm.h"

namespace bh::dom0 {

struct AppOptions {
  Paths paths;
  std::filesystem::path programs;   // where the helpers lie
  bool with_display = false;        // an X display is there: qubes get a gui-daemon
  bool stop_qubes_on_exit = false;
  std::optional<machine::Kilohertz> tsc;
  std::shared_ptr<SnapshotKeeper> snapshots = {};  // null: every start is cold
  bool build_snapshots = true;                     // in the background, for qubes that were started without one
  bool policy_daemon = false;                      // keep a qrexec-policy-daemon running
  std::filesystem::path host_files = "/";  // where the host tells of its processor
  std::function<memory::HostMemory()> host_memory = {};  // empty: as the kernel says
};

class App {
 public:
  // Takes the lock, opens the database, adopts running qubes, listens. Fails if another bulkheadd has the same root.
  static Result<std::unique_ptr<App>> open(AppOptions options, machine::Vmm& vmm, AccelDecision::Probe probe);
  ~App();
  App(App const&) = delete;
  App& operator=(App const&) = delete;

  // Serves until SIGTERM or SIGINT, or stop().
  void run();
  // From another thread: as SIGTERM does.
  void stop();
  // From another thread: run something on the daemon's.
  void post(std::function<void()> work);

 private:
  struct Parts;
  explicit App(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace bh::dom0
