// What a later bulkheadd must know to take over a running qube: processes.json and state.json in its run folder.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "hypervisor/vchan/domain.h"

namespace bh::dom0 {

struct ProcessRecord {
  int pid = 0;
  std::uint64_t start_time = 0;  // field 22 of /proc/PID/stat
  friend bool operator==(ProcessRecord const&, ProcessRecord const&) = default;
};
using ProcessRecords = std::map<std::string, ProcessRecord>;  // by role: qemu, hub, qrexec-daemon, gui-daemon

[[nodiscard]] std::string format_processes(ProcessRecords const& records);
[[nodiscard]] Result<ProcessRecords> parse_processes(std::string_view json);

struct RunState {
  DomainId domain;
  std::int64_t started_unix = 0;
  std::string accel;  // "kvm" or "tcg"
  bool up = false;    // the agent has answered
  std::uint16_t wires = 1;  // places for network cards
  bool clone = false;       // restored from a snapshot: its programs know their qube by the alias
  friend bool operator==(RunState const&, RunState const&) = default;
};
[[nodiscard]] std::string format_state(RunState const& state);
[[nodiscard]] Result<RunState> parse_state(std::string_view json);

}  // namespace bh::dom0
