// MachineRoom: all running qubes; the LifeCycle that the Admin API calls. Checks what a start needs before anything is begun.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "dom0/core/life/running_qube.h"
#include "dom0/core/memory/memory_keeper.h"
#include "dom0/core/network/wiring.h"

namespace bh::dom0 {

class MachineRoom final : public LifeCycle {
 public:
  explicit MachineRoom(HouseServices house) : house_(std::move(house)) {}

  [[nodiscard]] RunInfo info(std::string_view qube) const override;
  void start(std::string const& qube, Done done) override;
  void shutdown(std::string const& qube, ShutdownRequest request, Done done) override;
  void kill(std::string const& qube, Done done) override;
  void pause(std::string const& qube, Done done) override;
  void volume_grown(std::string const& qube, std::string const& volume, ByteCount size, Done done) override;
  void unpause(std::string const& qube, Done done) override;
  void suspend(std::string const& qube, Done done) override;
  void resume(std::string const& qube, Done done) override;
  void list_snapshots(std::function<void(Result<std::vector<KeptSnapshot>, admin::Exception>)> done) override;
  void build_snapshot(std::string const& qube, Done done) override;
  void remove_snapshot(std::string const& key, Done done) override;
  // No qube is starting or stopping.
  [[nodiscard]] bool quiet() const;

  // Takes over the qubes an earlier bulkheadd left running, and clears away what is left of those that ended meanwhile.
  void adopt_all();
  void start_autostarted();
  [[nodiscard]] HouseServices const& house() const { return house_; }
  // Those that may have network cards now.
  [[nodiscard]] std::vector<WiredMachine> wired_machines() const;
  [[nodiscard]] std::vector<MemoryUser> memory_users() const;
  // Shuts all down, kills what does not listen, then calls `done`.
  void stop_all(std::function<void()> done);

 private:
  Result<StartPlan, admin::Exception> check_start(std::string const& qube);
  Result<std::optional<std::filesystem::path>, admin::Exception> check_private_volume(Qube const& qube) const;
  std::shared_ptr<RunningQube> find(std::string_view qube) const;
  std::shared_ptr<RunningQube> enter(std::string const& qube);
  void adopt_one(std::string const& qube);
  // `run` has nothing left of its own; what is left of the qube itself may go too.
  void left(std::string const& qube, RunningQube const* run);
  void remove_if_cleaned_up(std::string const& qube);
  void sweep_disposables();
  void start_next_autostarted();
  HouseServices house_;
  std::map<std::string, std::shared_ptr<RunningQube>, std::less<>> running_;
  std::map<std::string, std::string, std::less<>> last_ends_;  // of qubes that ended by themselves, why
  std::deque<std::string> to_autostart_;
};

}  // namespace bh::dom0
