// What of a running qube lies on the disk, and how a later bulkheadd takes it over.
#include <algorithm>

#include "base/log.h"
#include "dom0/core/life/process_stats.h"
#include "dom0/core/life/running_qube_parts.h"

namespace bh::dom0 {

void RunningQube::write_guest_environment() {
  Qube const* const me = qube();
  if (me == nullptr) return;
  ChildFacts const facts{*me, house_.registry.inventory(), record_.domain, false, house_.with_display, record_.clone};
  auto const written = write_file_atomically(house_.paths.qube_run(name_) / "guest.env", guest_environment(facts, unix_now()), 0600);
  if (!written) log::error(name_ + ": " + written.error().message);
}

void RunningQube::write_processes() {
  ProcessRecords records;
  if (machine_) records["qemu"] = {machine_->pid(), machine_->start_time()};
  for (auto const& child : children_) {
    if (auto const record = child->record()) records[child->role()] = *record;
  }
  auto const written = write_file_atomically(house_.paths.qube_run(name_) / "processes.json", format_processes(records), 0600);
  if (!written) log::error(name_ + ": a later bulkheadd could not take this qube over: " + written.error().message);
}

void RunningQube::write_state() {
  auto const written = write_file_atomically(house_.paths.qube_run(name_) / "state.json", format_state(record_), 0600);
  if (!written) log::error(name_ + ": a later bulkheadd could not take this qube over: " + written.error().message);
}

// For instance a gui-daemon where this bulkheadd has no display: nobody would watch it, and nobody end it with the qube.
void RunningQube::end_unplanned(ProcessRecords const& processes) const {
  for (auto const& [role, record] : processes) {
    bool const planned = std::any_of(children_.begin(), children_.end(), [&role](auto const& child) { return child->role() == role; });
    if (planned || role == "qemu") continue;
    log::info(name_ + ": " + role + " has no place under this bulkheadd and is ended");
    if (auto process = ChildProcess::adopt(record.pid, record.start_time)) (void)process->terminate(kHelperGrace);
  }
}

bool RunningQube::adopt(RunState const& state, ProcessRecords const& processes) {
  record_ = state;
  folder_made_ = true;
  auto const machine = processes.find("qemu");
  if (machine == processes.end()) return false;
  machine::RunningMachine running;
  running.pid = machine->second.pid;
  running.start_time = machine->second.start_time;
  running.run_folder = house_.paths.qube_run(name_);
  running.log_file = log_file("qemu");
  auto adopted = house_.vmm.adopt(running);
  if (!adopted) {
    log::warning(name_ + ": cannot be taken over: " + adopted.error().message);
    return false;
  }
  machine_ = std::move(*adopted);
  oom_kills_before_ = host_oom_kills();
  state_ = state.up ? PowerState::running : PowerState::transient;
  spawn(watch_machine());
  make_children();
  for (auto const& child : children_) {
    auto const record = processes.find(child->role());
    if (record != processes.end() && child->adopt(record->second)) continue;
    if (auto const started = child->start(); !started) {
      log::error(name_ + ": " + child->role() + ": " + started.error().message);
      child->start_later();
    }
  }
  end_unplanned(processes);
  write_processes();
  if (!state.up) spawn(finish_adopted_start());
  return true;
}

asio::awaitable<void> RunningQube::finish_adopted_start() {
  auto const self = shared_from_this();
  Step const up = co_await wait_for_agent();
  if (up) started();
  else co_await tear_down(up.error());
}

}  // namespace bh::dom0
