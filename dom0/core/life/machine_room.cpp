#include "dom0/core/life/machine_room.h"

#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/log.h"
#include "dom0/core/life/process_stats.h"
#include "dom0/core/life/stray_processes.h"
#include "dom0/core/model/property.h"
#include "hypervisor/volumes/free_space.h"
#include "hypervisor/volumes/private_volume.h"

namespace bh::dom0 {

namespace {

// What QEMU needs beside the guest's memory (lab: 76..130 MiB under TCG).
constexpr std::uint64_t kMachineOverheadKib = 128 * 1024;

Failure<admin::Exception> refuse(std::string type, std::string text) { return Failure{admin::Exception{std::move(type), std::move(text)}}; }

}  // namespace

std::shared_ptr<RunningQube> MachineRoom::find(std::string_view qube) const {
  auto const found = running_.find(qube);
  return found == running_.end() ? nullptr : found->second;
}

std::shared_ptr<RunningQube> MachineRoom::enter(std::string const& qube) {
  auto run = std::make_shared<RunningQube>(house_, qube, [this, qube] { running_.erase(qube); });
  running_[qube] = run;
  return run;
}

RunInfo MachineRoom::info(std::string_view qube) const {
  auto const run = find(qube);
  return run ? run->info() : RunInfo{};
}

Result<volumes::TemplateImage, admin::Exception> MachineRoom::check_start(std::string const& name) const {
  Inventory const& inventory = house_.registry.inventory();
  Qube const* const qube = inventory.find(name);
  if (qube == nullptr) return refuse("QubesVMNotFoundError", "there is no qube named " + name);
  if (qube->klass != QubeClass::app) return refuse("QubesVMError", name + " is a template; starting templates is not part of this version of Bulkhead");
  if (auto const reason = qube->features.find(*FeatureName::parse("prohibit-start")); reason != qube->features.end() && !reason->second.text().empty()) {
    return refuse("QubesException", name + " may not be started: " + reason->second.text());
  }
  std::string const base = value_of(inventory, *qube, "template");
  if (base.empty()) return refuse("QubesVMError", name + " has no template and there is no default one; build one with templates/build");
  auto image = volumes::open_template(house_.paths.templates() / base);
  if (!image) return refuse("QubesVMError", "template " + base + " of " + name + " is missing or damaged: " + image.error().message);
  if (auto const room = volumes::need_free_space(house_.paths.lib() / "volumes", volumes::kRoomForStart); !room) {
    return refuse("QubesException", name + " cannot be started: " + room.error().message);
  }
  auto const needed = static_cast<std::uint64_t>(number_of(inventory, *qube, "memory")) * 1024 + kMachineOverheadKib;
  auto const available = host_memory().available_kib;
  if (available < needed) {
    return refuse("QubesMemoryError", "not enough memory to start " + name + ": " + std::to_string(needed / 1024) + " MiB are needed, " +
                                          std::to_string(available / 1024) + " MiB are free; shut down another qube or lower its memory");
  }
  auto const private_volume = volumes::private_volume(house_.paths.volumes(name));
  // GUARD: a link planted in its place would give another qube's data, or dom0's, to this one; the machine's open refuses it once more.
  if (auto const there = volumes::private_volume_usage(house_.paths.volumes(name)); !there) {
    if (there.error().errno_value != ENOENT) return refuse("QubesVMError", name + " cannot be started: " + there.error().message);
    return refuse("QubesVMError", "the private volume of " + name + " is missing: " + private_volume.string() + "; restore it from a backup");
  }
  return std::move(*image);
}

void MachineRoom::start(std::string const& qube, Done done) {
  if (auto const run = find(qube)) {
    switch (run->info().state) {
      case PowerState::transient: return run->when_up(std::move(done));
      case PowerState::halting:
      case PowerState::dying:
      case PowerState::halted: return done(refuse("QubesVMNotHaltedError", qube + " is just stopping; start it again when it has stopped"));
      case PowerState::running:
      case PowerState::paused: return done(Result<void, admin::Exception>());
    }
  }
  auto image = check_start(qube);
  if (!image) {
    log::warning(qube + ": not started: " + image.error().message);
    return done(Failure{image.error()});
  }
  auto const run = enter(qube);
  run->when_up(std::move(done));
  run->start(std::move(*image));
}

void MachineRoom::shutdown(std::string const& qube, ShutdownRequest request, Done done) {
  auto const run = find(qube);
  if (!run) return done(refuse("QubesVMNotStartedError", qube + " is not running"));
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

void MachineRoom::unpause(std::string const& qube, Done done) {
  auto const run = find(qube);
  if (!run) return done(refuse("QubesVMNotPausedError", qube + " is not running"));
  run->unpause(std::move(done));
}

void MachineRoom::adopt_all() {
  std::error_code error;
  std::vector<std::string> names;
  for (auto const& entry : std::filesystem::directory_iterator(house_.paths.run() / "qubes", error)) names.push_back(entry.path().filename().string());
  for (auto const& name : names) adopt_one(name);
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
    if (qube.klass == QubeClass::app && value_of(inventory, qube, "autostart") == "True") {
      // What goes wrong is logged by start(); there is nobody else to tell.
      start(name, [](Result<void, admin::Exception> const&) {});
    }
  }
}

void MachineRoom::stop_all(std::function<void()> done) {
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
