// Options of bulkhead-gui-daemon: from the command line, else the environment (conformance.md 4), checked.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "gui-daemon/daemon/core/label.h"
#include "hypervisor/vchan/channel_name.h"

namespace bh::gui {

struct Options {
  Label label;
  DomainId domain;
  DomainId own_domain;
  std::filesystem::path vchan_directory;
  std::filesystem::path grant_directory;
  std::optional<UniqueFd> window_memory;
};

// What main() does next: run, or exit with this code (the words are already on stdout or stderr).
struct ParsedOptions {
  std::optional<Options> options;
  int exit_code = 0;
};
ParsedOptions parse_options(int argc, char** argv);

}  // namespace bh::gui
