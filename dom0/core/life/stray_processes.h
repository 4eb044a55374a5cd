// Processes of a run that nobody has a record of: bulkheadd was killed after it had started one and before it had written it down.
// Found by what they alone carry on their command lines: the qube's UUID or its run folder (docs/architecture.md).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "dom0/core/life/run_record.h"

namespace bh::dom0 {

// Pure. `command_line` as in /proc/PID/cmdline: each argument ends with a NUL.
[[nodiscard]] bool belongs_to_run(std::string_view command_line, std::string_view uuid, std::filesystem::path const& run_folder);

// Those of our user that run now, ourselves excepted.
[[nodiscard]] std::vector<ProcessRecord> find_stray_processes(std::string_view uuid, std::filesystem::path const& run_folder);

}  // namespace bh::dom0
