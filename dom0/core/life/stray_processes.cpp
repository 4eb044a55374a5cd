#include "dom0/core/life/stray_processes.h"

#include <unistd.h>

#include "base/child_process.h"
#include "base/number.h"

namespace bh::dom0 {

bool belongs_to_run(std::string_view command_line, std::string_view uuid, std::filesystem::path const& run_folder) {
  // QEMU, qrexec-daemon and hub, in this order.
  std::string const of_qrexec = "--uuid=" + std::string(uuid);
  std::string const of_hub = (run_folder / "mux.sock").string();
  std::string_view before;
  while (!command_line.empty()) {
    std::size_t const end = command_line.find('\0');
    std::string_view const argument = command_line.substr(0, end);
    command_line.remove_prefix(end == std::string_view::npos ? command_line.size() : end + 1);
    bool const of_qemu = before == "-uuid" && argument == uuid;
    bool const hub = before == "--port-socket" && argument == of_hub;
    if (of_qemu || hub || argument == of_qrexec) return true;
    before = argument;
  }
  return false;
}

std::vector<ProcessRecord> find_stray_processes(std::string_view uuid, std::filesystem::path const& run_folder) {
  std::vector<ProcessRecord> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    auto const pid = parse_decimal(entry->path().filename().string(), INT32_MAX);
    // Whoever's it is: a jailed QEMU has a user id of its own. Somebody else's program that calls itself so cannot be ended by an ordinary user's
    // bulkheadd, and by root's it has asked for it.
    if (!pid || static_cast<int>(*pid) == ::getpid()) continue;
    // Taken before the command line: if the pid is another's by then, its start time is not this one.
    auto const start_time = process_start_time(static_cast<int>(*pid));
    auto const command_line = read_file(entry->path() / "cmdline", 131072);
    if (start_time && command_line && belongs_to_run(*command_line, uuid, run_folder)) found.push_back({static_cast<int>(*pid), *start_time});
  }
  return found;
}

}  // namespace bh::dom0
