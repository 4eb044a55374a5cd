#include "gui-daemon/agent/app/options.h"

#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

namespace bh::gui_agent {

namespace {

constexpr int kUsage = 2;

constexpr char const* kExamples = R"(
Environment (qube.env): VCHAN_SOCKET_DIR, VCHAN_DOMAIN, KEYBOARD_LAYOUT, GUI_TRANSPORT=window-memory, WAYLAND_DISPLAY, XDG_RUNTIME_DIR.

Examples:
  bulkhead-gui-agent                                    in a qube, started by systemd
  bulkhead-gui-agent --window-memory /sys/bus/pci/devices/0000:00:05.0/resource2_wc
  VCHAN_DOMAIN=7 VCHAN_SOCKET_DIR=/tmp/v bulkhead-gui-agent --memory-fd 3 3<>memory     tests, without a VM

Exit codes: 0 asked to stop, 1 cannot work here (the message says why), 2 wrong usage.)";

struct Text {
  int memory_fd = -1;
  std::string window_memory;
  std::string vchan_directory;
  std::string own_domain;
  std::string display = "wayland-0";
  std::string layout = "us";
  std::string transport = "window-memory";
};

Result<Options> check(Text const& text) {
  if (text.transport != "window-memory") {
    return Failure{Error{"GUI_TRANSPORT=" + text.transport + " is not spoken by this agent; it speaks window-memory"}};
  }
  Options options;
  auto const domain = parse_domain_id(text.own_domain);
  if (!domain || *domain == kDom0) {
    return Failure{Error{"--own-domain (VCHAN_DOMAIN): give this qube's domain number, 1 to 32751"}};
  }
  options.own_domain = *domain;
  if (text.vchan_directory.empty()) return Failure{Error{"--vchan-dir (VCHAN_SOCKET_DIR): name the folder of the vchan sockets"}};
  options.vchan_directory = text.vchan_directory;
  BH_TRY(keymap, parse_keyboard_layout(text.layout));
  options.keymap = std::move(keymap);
  options.wayland_display = text.display;
  options.window_memory = text.window_memory;
  if (text.memory_fd >= 0) {
    if (::fcntl(text.memory_fd, F_SETFD, FD_CLOEXEC) != 0) return Failure{Error::from_errno("use --memory-fd")};
    options.memory_fd = UniqueFd(text.memory_fd);
  }
  if (char const* const notify = std::getenv("NOTIFY_SOCKET")) options.notify_socket = notify;
  return options;
}

}  // namespace

ParsedOptions parse_options(int argc, char** argv) {
  Text text;
  CLI::App app("Shows this qube's Wayland programs as windows on the desktop of dom0.", "bulkhead-gui-agent");
  app.footer(kExamples);
  app.set_version_flag("--version", "bulkhead-gui-agent " BH_VERSION);
  auto* const path = app.add_option("--window-memory", text.window_memory,
                                    "the window memory: a PCI resource2_wc file (default: found by 1af4:1110)");
  app.add_option("--memory-fd", text.memory_fd, "the window memory as an open descriptor (tests)")->excludes(path);
  app.add_option("--vchan-dir", text.vchan_directory, "folder of the vchan sockets")->envname("VCHAN_SOCKET_DIR");
  app.add_option("--own-domain", text.own_domain, "our domain number")->envname("VCHAN_DOMAIN");
  app.add_option("--wayland-display", text.display, "name of the Wayland socket")->envname("WAYLAND_DISPLAY")->capture_default_str();
  app.add_option("--keyboard-layout", text.layout, "layout+variant+options until the daemon tells the desktop's")
      ->envname("KEYBOARD_LAYOUT")
      ->capture_default_str();
  app.add_option("--transport", text.transport, "how pixels travel; window-memory")->envname("GUI_TRANSPORT")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    return {std::nullopt, app.exit(error) == 0 ? 0 : kUsage};
  }
  auto options = check(text);
  if (!options) {
    std::fprintf(stderr, "bulkhead-gui-agent: %s\nSee bulkhead-gui-agent --help.\n", options.error().message.c_str());
    return {std::nullopt, kUsage};
  }
  return {*std::move(options), 0};
}

}  // namespace bh::gui_agent
