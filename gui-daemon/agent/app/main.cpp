// bulkhead-gui-agent: wires the Wayland side, the windows and the channel together, and runs until it is asked to stop.
#include <csignal>
#include <cstdio>
#include <array>

#include "base/log.h"
#include "base/service_notice.h"
#include "gui-daemon/agent/app/open_memory.h"
#include "gui-daemon/agent/app/options.h"
#include "gui-daemon/agent/channel/daemon_channel.h"
#include "gui-daemon/agent/wayland/compositor.h"
#include "gui-daemon/agent/wayland/decoration.h"
#include "gui-daemon/agent/wayland/display.h"
#include "gui-daemon/agent/wayland/output.h"
#include "gui-daemon/agent/wayland/seat.h"
#include "gui-daemon/agent/wayland/subsurface.h"
#include "gui-daemon/agent/wayland/viewporter.h"
#include "gui-daemon/agent/wayland/xdg_wm_base.h"
#include "gui-daemon/agent/window/desktop.h"

namespace bh::gui_agent {
namespace {

constexpr vchan::Port kWindowPort{6000};

Result<Mapping> open_window_memory(Options const& options) {
  if (options.memory_fd.open()) return map_descriptor(options.memory_fd);
  if (!options.window_memory.empty()) return map_path(options.window_memory);
  BH_TRY(path, find_window_memory("/sys/bus/pci/devices"));
  return map_path(path);
}

struct Globals {
  explicit Globals(wl_display* display, ShellContext& context)
      : all{make_compositor(display), make_subcompositor(display), make_xdg_wm_base(display, context),
            make_decoration_manager(display), make_viewporter(display)} {}
  std::array<Global, 5> all;
};

ChannelEvents channel_events(Desktop& desktop, Output& output) {
  return {
      .connected =
          [&](gui::ScreenInfo const& screen) {
            auto const bounded = [](std::uint32_t v, std::uint32_t most) { return static_cast<int>(std::min(v, most)); };
            output.resize({bounded(screen.width, gui::kMaxWidth), bounded(screen.height, gui::kMaxHeight)});
            desktop.connected();
          },
      .message = [&](gui::WindowId window, gui::to_agent::Message const& message) { desktop.handle(window, message); },
      .lost = [&] { desktop.connection_lost(); },
  };
}

Result<void> run(Options const& options) {
  BH_TRY(memory, open_window_memory(options));
  BH_TRY(keymap, Keymap::compile(options.keymap));
  BH_TRY(display, Display::create());
  BH_TRY(keyboard, Keyboard::create(display.get(), std::move(keymap)));

  bool stopping = false;
  auto const stop = [](int, void* flag) { return *static_cast<bool*>(flag) = true, 0; };
  EventSource const on_term(wl_event_loop_add_signal(display.loop(), SIGTERM, stop, &stopping));
  EventSource const on_int(wl_event_loop_add_signal(display.loop(), SIGINT, stop, &stopping));

  DaemonChannel channel(display.loop(), options.vchan_directory, {options.own_domain, kDom0, kWindowPort});
  Desktop desktop(channel, WindowMemory(std::move(memory)));
  Output output(display.get());
  Seat seat(display.get(), std::move(keyboard));
  desktop.set_input(seat);
  ShellContext context{display.loop(), &desktop, &output, &seat};
  Globals const globals(display.get(), context);

  if (!options.notify_socket.empty()) {
    desktop.on_unseen_window([&options](std::size_t count) {
      (void)notify_service(options.notify_socket, "STATUS=" + std::to_string(count) + " windows wait for a daemon");
    });
  }
  channel.set_events(channel_events(desktop, output));
  BH_CHECK(channel.start());
  BH_CHECK(display.listen(options.wayland_display));
  if (!options.notify_socket.empty()) BH_CHECK(notify_service_ready(options.notify_socket));
  log::info("Wayland socket " + options.wayland_display + " is there");

  while (!stopping) {
    // The daemon first: its work is on the way of the frame, while a client that is told of a free buffer only takes the processor from it.
    channel.flush();
    wl_display_flush_clients(display.get());
    if (wl_event_loop_dispatch(display.loop(), -1) < 0 && errno != EINTR) return Failure{Error::from_errno("wait for events")};
  }
  channel.flush();
  display.end_clients();
  return {};
}

}  // namespace
}  // namespace bh::gui_agent

int main(int argc, char** argv) {
  auto const parsed = bh::gui_agent::parse_options(argc, argv);
  if (!parsed.options) return parsed.exit_code;
  // A client or daemon that went away is told by the write's error, not by a signal.
  std::signal(SIGPIPE, SIG_IGN);
  bh::log::start("bulkhead-gui-agent");
  if (auto const done = bh::gui_agent::run(*parsed.options); !done) {
    bh::log::error(done.error().message);
    return 1;
  }
  return 0;
}
