// RunningQube: one qube from the call to start it until nothing of it is left. All waiting is done in coroutines on the daemon's one
// thread; each step has a deadline and is woken by what it waits for (changed_), never by a clock in between.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>

#include <memory>
#include <string>
#include <vector>

#include "dom0/core/life/folder_watch.h"
#include "dom0/core/life/life_cycle.h"
#include "dom0/core/life/personaliser.h"
#include "dom0/core/life/signal.h"
#include "dom0/core/life/snapshot_keeper.h"
#include "dom0/core/life/start_timing.h"
#include "dom0/core/life/supervised_child.h"
#include "dom0/core/life/warm_plan.h"
#include "dom0/core/storage/storage.h"
#include "dom0/core/store/registry.h"
#include "hypervisor/machine/vmm.h"
#include "hypervisor/volumes/template_image.h"

namespace bh::dom0 {

// Which accelerator runs machines with this template's kernel; may take seconds the first time.
using AccelOracle = std::function<void(volumes::TemplateImage const&, std::function<void(machine::Accel)>)>;

// What all running qubes share. Outlives them.
struct HouseServices {
  asio::io_context& io;
  machine::Vmm& vmm;
  Registry& registry;
  Paths const& paths;
  std::filesystem::path programs;  // the folder of bulkhead-hub and the others
  bool with_display = false;
  AccelOracle accel;
  std::optional<machine::Kilohertz> tsc;
  FolderWatch& qrexec_sockets;
  FolderWatch& vchan_sockets;
  asio::thread_pool& workers;  // for what reads and writes much: copies of volumes, hashes
  Storage& storage;
  // What machines tell of their network cards (Network).
  std::function<void(DomainId, machine::MachineEvent const&)> card_event = {};
  // May this qube start on this host? (StartGate)
  std::function<Result<void>(Qube const&, machine::Accel)> may_start = {};
  SnapshotKeeper* snapshots = nullptr;  // null: every start is cold
  // Asks for a snapshot for qubes like this one, to be made when there is time.
  std::function<void(std::string const&)> want_snapshot = {};
  std::function<void(std::string const&, LifeCycle::Done)> build_snapshot = {};
  // Why a qube that is promised so much memory cannot start now (MemoryKeeper).
  std::function<std::optional<std::string>(std::string const&, machine::Mebibytes)> memory_objection = {};
};

// What MachineRoom found when it checked whether the qube can be started.
struct StartPlan {
  volumes::TemplateImage base;
  // Brings up what the qube needs first (its chain of netvms) and then calls back; empty: nothing.
  std::function<void(LifeCycle::Done)> needs = {};
  // Of a disposable: the private volume its own is a copy of.
  std::optional<std::filesystem::path> private_source = {};
};

class RunningQube : public std::enable_shared_from_this<RunningQube> {
 public:
  using Done = LifeCycle::Done;
  // `gone` is called once nothing is left of the run.
  RunningQube(HouseServices& house, std::string name, std::function<void()> gone)
      : house_(house), name_(std::move(name)), gone_(std::move(gone)), changed_(house.io) {}

  void start(StartPlan plan);
  // Continues what an earlier bulkheadd began; false if there is no such machine any more.
  bool adopt(RunState const& state, ProcessRecords const& processes);

  // To be told when the qube is up (or why not).
  void when_up(Done done) { when_up_.push_back(std::move(done)); }
  void shutdown(ShutdownRequest request, Done done);
  void kill(Done done);
  void pause(Done done);
  void unpause(Done done);
  void suspend(Done done);
  void resume(Done done);
  // A volume has grown: machine and guest are told.
  void volume_grown(std::string const& volume, ByteCount size, Done done);
  [[nodiscard]] RunInfo info() const;
  [[nodiscard]] std::string const& name() const { return name_; }
  // Why it ended without having been asked to; empty if it was asked.
  [[nodiscard]] std::string const& died_of() const { return died_of_; }
  // The machine, once it may have network cards: it runs, and its guest has acknowledged its reseed. nullptr before and when it ends.
  [[nodiscard]] machine::Machine* machine_for_cards() const;
  // nullptr before there is one.
  [[nodiscard]] machine::Machine* machine() const { return machine_.get(); }
  [[nodiscard]] RunState const& record() const { return record_; }

 private:
  using Step = Result<void, admin::Exception>;
  asio::awaitable<void> run_start(StartPlan plan);
  asio::awaitable<Step> bring_up(StartPlan plan);
  asio::awaitable<Step> bring_up_needs(StartPlan const& plan);
  asio::awaitable<Step> copy_private_volume(std::filesystem::path source);
  asio::awaitable<Step> begin_private_volume();
  asio::awaitable<void> settle_private_volume();
  asio::awaitable<void> tell_of_growth(std::string volume, ByteCount size, Done done);
  void volume_is_full(machine::Volume volume);
  asio::awaitable<Step> start_cold(machine::MachineSpec spec);
  asio::awaitable<std::optional<FoundSnapshot>> choose_snapshot(SnapshotWish wish, WarmWish const& warm);
  asio::awaitable<Step> start_warm(machine::MachineSpec spec, FoundSnapshot found);
  asio::awaitable<Step> tell_volume_size(std::filesystem::path volume);
  asio::awaitable<Step> personalise();
  asio::awaitable<Step> turn_cold(std::string reason);
  asio::awaitable<Step> wait_for_agent();
  asio::awaitable<void> finish_adopted_start();
  asio::awaitable<void> run_shutdown(bool wait, Done done);
  asio::awaitable<bool> ask_guest_to_stop();  // false: nobody took the request
  asio::awaitable<bool> wait_for_exit(ChildProcess const& process, Deadline limit);
  asio::awaitable<void> tear_down(std::optional<admin::Exception> start_failure);
  asio::awaitable<void> stop_processes();
  asio::awaitable<void> watch_machine();
  asio::awaitable<void> await_pause_state(PowerState wanted, Done done);
  asio::awaitable<machine::Accel> ask_accel(volumes::TemplateImage const& base);

  Step launch(machine::MachineSpec const& spec);
  Step start_children(bool hub);
  void say_cold(std::string const& reason);
  void stop_processors(PowerState wanted, Done done);
  void let_processors_run(Done done);
  void started();
  std::optional<admin::Exception> start_is_over() const;
  void begin_tear_down();
  Result<void> make_run_folder();
  Result<machine::MachineSpec> specification(volumes::TemplateImage const& base, machine::Accel accel);
  void make_children();
  void end_unplanned(ProcessRecords const& processes) const;
  void on_event(machine::MachineEvent const& event);
  void write_guest_environment();
  void write_processes();
  void write_state();
  void remove_leftovers();
  void remove_transient_volumes();
  void tell(std::string event, std::vector<std::pair<std::string, std::string>> values = {});
  [[nodiscard]] Qube const* qube() const { return house_.registry.inventory().find(name_); }
  // Its own words on why it does not come up, ready to be appended to an error; empty if there are none.
  [[nodiscard]] std::string guest_said() const;
  [[nodiscard]] std::filesystem::path log_file(std::string const& what) const;
  template <class Coroutine>
  void spawn(Coroutine coroutine);

  HouseServices& house_;
  std::string name_;
  std::function<void()> gone_;
  PowerState state_ = PowerState::transient;
  RunState record_;
  std::string start_guid_;
  std::unique_ptr<machine::Machine> machine_;
  std::vector<std::shared_ptr<SupervisedChild>> children_;
  std::vector<Done> when_up_;
  std::vector<Done> when_gone_;
  std::optional<std::string> machine_ended_;  // with the reason
  std::optional<std::string> refused_request_;
  std::optional<std::filesystem::path> private_volume_;  // what the machine opened; nullopt: not begun, or a disposable's copy
  std::optional<machine::Volume> resized_;               // the last that the machine confirmed
  // Notified whenever something a coroutine may wait for has changed.
  Signal changed_;
  StartTiming timing_;
  std::string died_of_;
  std::uint64_t oom_kills_before_ = 0;
  PowerState pause_wanted_ = PowerState::paused;
  std::optional<machine::MachineRestored> restored_;
  bool machine_up_ = false;
  bool reseeded_ = false;  // of a clone: its generator was given new entropy
  bool end_wanted_ = false;
  bool pause_asked_ = false;
  bool folder_made_ = false;
};

}  // namespace bh::dom0
