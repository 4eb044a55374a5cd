// What every subcommand reads, and how it complains.
#pragma once

#include <functional>
#include <string>

#include "qrexec/policy/loader.h"
#include "qrexec/policy/tool/commands.h"

namespace bh::policy::tool {

// Both say it on standard error; 2.
int usage(std::string const& message);
int unreadable(std::string const& message);

[[nodiscard]] Result<SystemInfo, std::string> system_info(Where const& where);
[[nodiscard]] PolicyFolders folders_of(Where const& where);
void print_problems(std::ostream& out, Problems const& problems, std::string_view severity);

// A policy that loads and the qubes there are; else the exit status, after saying why.
struct World {
  Policy policy;
  SystemInfo info;
};
[[nodiscard]] Result<World, int> load_world(Where const& where);

}  // namespace bh::policy::tool
