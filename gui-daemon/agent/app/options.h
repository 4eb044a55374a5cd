// Options of bulkhead-gui-agent: command line and environment, read once.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "gui-daemon/agent/core/keymap.h"
#include "hypervisor/vchan/domain.h"

namespace bh::gui_agent {

struct Options {
  UniqueFd memory_fd;                   // not open: window memory is found by path
  std::filesystem::path window_memory;  // empty: look for the device
  std::filesystem::path vchan_directory;
  DomainId own_domain;
  std::string wayland_display;
  KeymapNames keymap;
  std::string notify_socket;  // empty: nobody wants to know
};

struct ParsedOptions {
  std::optional<Options> options;  // nullopt: main returns exit_code
  int exit_code = 0;
};

[[nodiscard]] ParsedOptions parse_options(int argc, char** argv);

}  // namespace bh::gui_agent
