#include "dom0/core/life/machine_room.h"

#include <unistd.h>

#include <asio/post.hpp>
#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/log.h"
#include "dom0/core/life/offload.h"
#include "dom0/core/life/process_stats.h"
#include "dom0/core/life/stray_processes.h"
#include "dom0/core/model/property.h"
#include "dom0/core/model/qube_network.h"
#include "hypervisor/volumes/free_space.h"
#include "hypervisor/volumes/private_volume.h"

namespace bh::dom0 {

namespace {

// What QEMU needs beside the guest's memory (lab: 76..130 MiB under TCG).
constexpr std::uint64_t kMachineOverheadKib = 128 * 1024;
constexpr int kAutostartsAtOnce = 4;

Failure<admin::Exception> refuse(std::string type, std::string text) { return Failure{admin::Exception{std::move(type), std::move(text)}}; }

void rethrow(std::exception_ptr problem) {
  if (problem) std::rethrow_exception(problem);
}

}  // namespace

std::shared_ptr<RunningQube> MachineRoom::find(std::string_view qube) const {
  auto const found = running_.find(qube);
  return found == running_.end() ? nullptr : found->second;
}

std::shared_ptr<RunningQube> MachineRoom::enter(std::string const& qube) {
  last_ends_.erase(qube);
  auto run = std::make_shared<RunningQube>(house_, qube, [this, qube] { left(qube, find(qube).get()); });
  running_[qube] = run;
  return run;
}

void MachineRoom::left(std::string const& qube, RunningQube const* run) {
  if (run != nullptr && !run->died_of().empty()) last_ends_[qube] = run->died_of();
  running_.erase(qube);
  remove_if_cleaned_up(qube);
}

void MachineRoom::remove_if_cleaned_up(std::string const& name) {
  Qube const* const qube = house_.registry.inventory().find(name);
  if (qube == nullptr || qube->klass != QubeClass::disposable || value_of(house_.registry.inventory(), *qube, "auto_cleanup") != "True") return;
  house_.registry.tell({"", "domain-pre-delete", {{"vm", name}}});
  if (auto const removed = house_.registry.remove(name); !removed) return log::error(name + ": cannot be removed: " + removed.error().message);
  last_ends_.erase(name);
  house_.registry.tell({"", "domain-delete", {{"vm", name}}});
}

// What a bulkheadd that was killed could not do any more.
void MachineRoom::sweep_disposables() {
  std::vector<std::string> halted;
  for (auto const& [name, qube] : house_.registry.inventory().qubes()) {
    if (qube.klass == QubeClass::disposable && !find(name)) halted.push_back(name);
  }
  for (auto const& name : halted) {
    if (auto const gone = volumes::remove_private_volume(house_.paths.volumes(name)); !gone) log::error(name + ": " + gone.error().message);
    remove_if_cleaned_up(name);
  }
}

RunInfo MachineRoom::info(std::string_view qube) const {
  auto const run = find(qube);
  RunInfo info = run ? run->info() : RunInfo{};
  if (auto const end = last_ends_.find(qube); end != last_ends_.end()) info.last_end = end->second;
  return info;
}

// What the private volume of a disposable is a copy of; nullopt: the qube has one of its own.
Result<std::optional<std::filesystem::path>, admin::Exception> MachineRoom::check_private_volume(Qube const& qube) const {
  std::string const name = qube.name.text();
  bool const disposable = qube.klass == QubeClass::disposable;
  std::string const owner = disposable ? value_of(house_.registry.inventory(), qube, "template") : name;
  Qube const* const owning = house_.registry.inventory().find(owner);
  if (owning == nullptr) return refuse("QubesVMError", name + " cannot be started: there is no qube " + owner);
  BH_TRY(volume, house_.storage.volume(*owning, "private"));
  BH_TRY(pool, house_.storage.pool(volume.pool));
  auto const file = pool->committed(volume.id);
  // GUARD: a link planted in its place would give another qube's data, or dom0's, to this one; the machine's open refuses it once more.
  if (auto const there = pool->look(volume.id); !there) {
    if (there.error().errno_value != ENOENT) return refuse("QubesVMError", name + " cannot be started: " + there.error().message);
    return refuse("QubesVMError", "the private volume of " + owner + " is missing: " + file.string() + "; restore it from a backup");
  }
  if (!disposable) return std::optional<std::filesystem::path>();
  if (auto const user = find(owner)) return refuse("QubesVMNotHaltedError", name + " cannot be started while " + owner + " runs, whose private volume it copies; shut " + owner + " down");
  return std::optional(file);
}

Result<StartPlan, admin::Exception> MachineRoom::check_start(std::string const& name) {
  Inventory const& inventory = house_.registry.inventory();
  Qube const* const qube = inventory.find(name);
  if (qube == nullptr) return refuse("QubesVMNotFoundError", "there is no qube named " + name);
  if (qube->klass == QubeClass::template_qube || qube->klass == QubeClass::admin) return refuse("QubesVMError", name + " is a template; starting templates is not part of this version of Bulkhead");
  if (auto const reason = qube->features.find(*FeatureName::parse("prohibit-start")); reason != qube->features.end() && !reason->second.text().empty()) {
    return refuse("QubesException", name + " may not be started: " + reason->second.text());
  }
  std::string const base = root_template(inventory, *qube);
  if (base.empty()) return refuse("QubesVMError", name + " has no template and there is no default one; build one with templates/build");
  auto image = volumes::open_template(house_.paths.templates() / base);
  if (!image) return refuse("QubesVMError", "template " + base + " of " + name + " is missing or damaged: " + image.error().message);
  if (auto const room = volumes::need_free_space(house_.paths.lib() / "volumes", volumes::kRoomForStart); !room) {
    return refuse("QubesException", name + " cannot be started: " + room.error().message);
  }
  if (house_.memory_objection) {
    auto const promised = machine::Mebibytes(static_cast<std::uint32_t>(number_of(inventory, *qube, "memory")));
    if (auto const objection = house_.memory_objection(name, promised)) return refuse("QubesMemoryError", *objection);
  }
  BH_TRY(private_source, check_private_volume(*qube));
  StartPlan plan{std::move(*image), {}, std::move(private_source)};
  // A netvm that is up, or on its way, needs nothing; start() of it takes care of its own netvm.
  std::string const netvm = value_of(inventory, *qube, "netvm");
  if (!netvm.empty()) plan.needs = [this, netvm, name](Done done) {
    start(netvm, [netvm, name, done](Result<void, admin::Exception> const& result) {
      if (result) done(result);
      else done(refuse("QubesVMError", name + " needs " + netvm + " (its netvm), which did not start: " + result.error().message));
    });
  };
  return plan;
}

void MachineRoom::start(std::string const& qube, Done done) {
  if (auto const run = find(qube)) {
    switch (run->info().state) {
      case PowerState::transient: return run->when_up(std::move(done));
      case PowerState::halting:
      case PowerState::dying:
      case PowerState::halted: return done(refuse("QubesVMNotHaltedError", qube + " is just stopping; start it again when it has stopped"));
      case PowerState::running:
      case PowerState::paused:
      case PowerState::suspended: return done(Result<void, admin::Exception>());
    }
  }
  auto plan = check_start(qube);
  if (!plan) {
    log::warning(qube + ": not started: " + plan.error().message);
    return done(Failure{plan.error()});
  }
  auto const run = enter(qube);
  run->when_up(std::move(done));
  run->start(std::move(*plan));
}

void MachineRoom::shutdown(std::string const& qube, ShutdownRequest request, Done done) {
  auto const run = find(qube);
  if (!run) return done(refuse("QubesVMNotStartedError", qube + " is not running"));
  if (!request.force) {
    for (auto const& [other, client] : running_) {
      Qube const* const its = house_.registry.inventory().find(other);
      if (its == nullptr || value_of(house_.registry.inventory(), *its, "netvm") != qube) continue;
      return done(refuse("QubesVMInUseError", qube + " gives " + other + " its network; shut that down first, or force the shutdown"));
    }
  }
  run->shutdown(request, std::move(done));
}

void MachineRoom::kill(std::string const& qube, Done done) {
  auto const run = find(qube);
  if (!run) return done(refuse("QubesVMNotStartedError", qube + " is not running"));
  run->kill(std::move(done));
}

void MachineRoom::pause(std::string const& qube, Done done) {
  auto const run = find(qube);
  if (!run) return done(refuse("QubesVMNotRunningError", qube + " is not running"));
  run->pause(std::move(done));
}

void MachineRoom::volume_grown(std::string const& qube, std::string const& volume, ByteCount size, Done done) {
  auto const run = find(qube);
  // It sees the new size at its next start.
  if (!run) return done(Result<void, admin::Exception>());
  run->volume_grown(volume, size, std::move(done));
}

void MachineRoom::unpause(std::string const& qube, Done done) {
  auto const run = find(qube);
  if (!run) return done(refuse("QubesVMNotPausedError", qube + " is not running"));
  run->unpause(std::move(done));
}

void MachineRoom::suspend(std::string const& qube, Done done) {
  auto const run = find(qube);
  if (!run) return done(refuse("QubesVMNotRunningError", qube + " is not running"));
  run->suspend(std::move(done));
}

void MachineRoom::resume(std::string const& qube, Done done) {
  auto const run = find(qube);
  if (!run) return done(refuse("QubesVMNotSuspendedError", qube + " is not running"));
  run->resume(std::move(done));
}

bool MachineRoom::quiet() const {
  return std::none_of(running_.begin(), running_.end(), [](auto const& entry) {
    PowerState const state = entry.second->info().state;
    return state == PowerState::transient || state == PowerState::halting || state == PowerState::dying;
  });
}

void MachineRoom::list_snapshots(std::function<void(Result<std::vector<KeptSnapshot>, admin::Exception>)> done) {
  if (house_.snapshots == nullptr) return done(std::vector<KeptSnapshot>{});
  auto const list = [](HouseServices& house, auto answer) -> asio::awaitable<void> {
    auto const ask = [keeper = house.snapshots] { return keeper->list(); };
    auto const all = co_await offload(house.workers, ask);
    if (all) answer(*all);
    else answer(refuse("QubesException", all.error().message));
  };
  asio::co_spawn(house_.io, list(house_, std::move(done)), rethrow);
}

void MachineRoom::build_snapshot(std::string const& qube, Done done) {
  if (house_.build_snapshot) house_.build_snapshot(qube, std::move(done));
  else done(refuse("QubesException", "this bulkheadd keeps no snapshots"));
}

void MachineRoom::remove_snapshot(std::string const& key, Done done) {
  if (house_.snapshots == nullptr) return done(refuse("QubesException", "this bulkheadd keeps no snapshots"));
  auto const remove = [](HouseServices& house, std::string wanted, Done answer) -> asio::awaitable<void> {
    auto const ask = [keeper = house.snapshots, wanted] { return keeper->remove(wanted); };
    auto const gone = co_await offload(house.workers, ask);
    if (gone) answer(Result<void, admin::Exception>());
    else answer(refuse("QubesException", gone.error().message));
  };
  asio::co_spawn(house_.io, remove(house_, key, std::move(done)), rethrow);
}

void MachineRoom::adopt_all() {
  std::error_code error;
  std::vector<std::string> names;
  for (auto const& entry : std::filesystem::directory_iterator(house_.paths.run() / "qubes", error)) names.push_back(entry.path().filename().string());
  for (auto const& name : names) adopt_one(name);
  sweep_disposables();
}

void MachineRoom::adopt_one(std::string const& name) {
  auto const folder = house_.paths.qube_run(name);
  Qube const* const qube = house_.registry.inventory().find(name);
  if (qube == nullptr) {
    return log::error("there is a run folder of a qube that is not in the database, left alone: " + folder.string());
  }
  auto const processes_text = read_file(folder / "processes.json", 65536);
  auto const state_text = read_file(folder / "state.json", 65536);
  auto const processes = processes_text ? parse_processes(*processes_text) : Result<ProcessRecords>(ProcessRecords{});
  auto const state = state_text ? parse_state(*state_text) : Result<RunState>(Failure{state_text.error()});
  if (processes && state && !processes->empty()) {
    if (enter(name)->adopt(*state, *processes)) {
      return log::info(name + ": taken over, domain " + std::to_string(state->domain.value()));
    }
    running_.erase(name);
  }
  // Its machine is gone; helpers that outlived it are ended, held by pid and start time so that nobody else's process is hit.
  log::info(name + ": ended while no bulkheadd watched; clearing away what is left");
  if (processes) {
    for (auto const& [role, record] : *processes) {
      // A record that names ourselves cannot be one of ours.
      if (record.pid == ::getpid()) continue;
      if (auto process = ChildProcess::adopt(record.pid, record.start_time)) (void)process->terminate(std::chrono::milliseconds(500));
    }
  }
  for (auto const& record : find_stray_processes(qube->uuid.text(), folder)) {
    log::warning(name + ": process " + std::to_string(record.pid) + " of a start that was cut short is ended");
    if (auto process = ChildProcess::adopt(record.pid, record.start_time)) (void)process->terminate(std::chrono::milliseconds(500));
  }
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  for (auto const& socket : {"qrexec." + name, "qrexec.uuid:" + qube->uuid.text()}) std::filesystem::remove(house_.paths.qrexec_sockets() / socket, error);
}

void MachineRoom::start_autostarted() {
  Inventory const& inventory = house_.registry.inventory();
  for (auto const& [name, qube] : inventory.qubes()) {
    bool const startable = qube.klass == QubeClass::app || qube.klass == QubeClass::disposable;
    if (startable && value_of(inventory, qube, "autostart") == "True") to_autostart_.push_back(name);
  }
  // All at once would take longer than each one's time limit on a small host.
  for (int i = 0; i < kAutostartsAtOnce; ++i) start_next_autostarted();
}

void MachineRoom::start_next_autostarted() {
  if (to_autostart_.empty()) return;
  std::string const name = to_autostart_.front();
  to_autostart_.pop_front();
  // What goes wrong is logged by start(); there is nobody else to tell. Posted: a refusal comes at once, and a thousand must not pile up.
  start(name, [this](Result<void, admin::Exception> const&) { asio::post(house_.io, [this] { start_next_autostarted(); }); });
}

std::vector<MemoryUser> MachineRoom::memory_users() const {
  Inventory const& inventory = house_.registry.inventory();
  std::vector<MemoryUser> users;
  for (auto const& [name, run] : running_) {
    Qube const* const qube = inventory.find(name);
    if (qube == nullptr) continue;
    auto const mebibytes = [&](char const* property) { return machine::Mebibytes(static_cast<std::uint32_t>(number_of(inventory, *qube, property))); };
    users.push_back({name, run->record().domain, mebibytes("memory"), mebibytes("maxmem"), run->machine(), run->record().up});
  }
  return users;
}

std::vector<WiredMachine> MachineRoom::wired_machines() const {
  Inventory const& inventory = house_.registry.inventory();
  std::vector<WiredMachine> machines;
  for (auto const& [name, run] : running_) {
    Qube const* const qube = inventory.find(name);
    machine::Machine* const machine = run->machine_for_cards();
    if (qube == nullptr || machine == nullptr) continue;
    network::Station station{name, run->record().domain, value_of(inventory, *qube, "netvm"), value_of(inventory, *qube, "provides_network") == "True",
                             machine::WireCount(run->record().wires), {}};
    machines.push_back({std::move(station), address_of(*qube), mac_of(inventory, *qube), *machine});
  }
  return machines;
}

void MachineRoom::stop_all(std::function<void()> done) {
  to_autostart_.clear();
  auto const names = [this] {
    std::vector<std::string> list;
    for (auto const& [name, run] : running_) list.push_back(name);
    return list;
  }();
  if (names.empty()) return done();
  auto const left = std::make_shared<std::size_t>(names.size());
  auto const one_less = [left, done](Result<void, admin::Exception> const&) {
    if (--*left == 0) done();
  };
  for (auto const& name : names) {
    bool const starting = info(name).state == PowerState::transient;
    if (starting) {
      kill(name, one_less);
      continue;
    }
    shutdown(name, {.force = true, .wait = true}, [this, name, one_less](Result<void, admin::Exception> const& result) {
      if (result || !find(name)) return one_less(result);
      kill(name, one_less);
    });
  }
}

}  // namespace bh::dom0
