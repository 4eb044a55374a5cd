// From the command line to a command. The one place that knows flags.
#pragma once

#include <string>
#include <vector>

#include "dom0/cli/session.h"

namespace bh::cli {

// `arguments` without the program's name; `program` is its last path component: bulkhead, or one of the qvm-* names. Gives the exit code.
int run_command_line(std::string const& program, std::vector<std::string> arguments, Session session);
// The names that links to this program may have.
[[nodiscard]] std::vector<std::string> const& link_names();
[[nodiscard]] std::vector<std::string> command_names();

}  // namespace bh::cli
