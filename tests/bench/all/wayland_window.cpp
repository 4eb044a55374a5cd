#include "tests/bench/all/wayland_window.h"

#include <poll.h>
#include <wayland-client.h>

#include <chrono>
#include <cstring>

#include "base/mapping.h"
#include "base/posix_io.h"
#include "xdg-shell-client-protocol.h"

namespace bh::bench {

using namespace std::chrono_literals;

struct WaylandWindow::State {
  wl_display* display = nullptr;
  wl_compositor* compositor = nullptr;
  wl_shm* shm = nullptr;
  xdg_wm_base* shell = nullptr;
  wl_surface* surface = nullptr;
  wl_buffer* buffer = nullptr;
  Mapping pixels;
  bool configured = false;
  bool drawn = false;

  ~State() {
    if (display != nullptr) wl_display_disconnect(display);
  }

  // Handles events until `flag` is set; false on a broken connection or after 10 s.
  bool wait_until(bool const& flag) {
    Deadline const deadline = Clock::now() + 10s;
    while (!flag) {
      while (wl_display_prepare_read(display) != 0) {
        if (wl_display_dispatch_pending(display) < 0) return false;
      }
      if (flag) {
        wl_display_cancel_read(display);
        return true;
      }
      wl_display_flush(display);
      pollfd entry{wl_display_get_fd(display), POLLIN, 0};
      if (::poll(&entry, 1, 1000) <= 0) {
        wl_display_cancel_read(display);
        if (Clock::now() > deadline) return false;
        continue;
      }
      if (wl_display_read_events(display) < 0 || wl_display_dispatch_pending(display) < 0) return false;
    }
    return true;
  }
};

namespace {


void no_op_global_remove(void*, wl_registry*, std::uint32_t) {}

void on_ping(void*, xdg_wm_base* shell, std::uint32_t serial) { xdg_wm_base_pong(shell, serial); }
xdg_wm_base_listener const kShellListener{on_ping};

void on_toplevel_configure(void*, xdg_toplevel*, std::int32_t, std::int32_t, wl_array*) {}
void on_toplevel_close(void*, xdg_toplevel*) {}
void on_toplevel_bounds(void*, xdg_toplevel*, std::int32_t, std::int32_t) {}
void on_toplevel_capabilities(void*, xdg_toplevel*, wl_array*) {}
xdg_toplevel_listener const kToplevelListener{on_toplevel_configure, on_toplevel_close, on_toplevel_bounds, on_toplevel_capabilities};

void on_frame_done(void* flag, wl_callback* callback, std::uint32_t) {
  *static_cast<bool*>(flag) = true;
  wl_callback_destroy(callback);
}
wl_callback_listener const kFrameListener{on_frame_done};

}  // namespace

WaylandWindow::WaylandWindow(std::unique_ptr<State> state) : state_(std::move(state)) {}
WaylandWindow::WaylandWindow(WaylandWindow&&) noexcept = default;
WaylandWindow& WaylandWindow::operator=(WaylandWindow&&) noexcept = default;
WaylandWindow::~WaylandWindow() = default;

Result<WaylandWindow> WaylandWindow::open(std::string const& socket, int width, int height) {
  auto state = std::make_unique<State>();
  state->display = wl_display_connect(socket.c_str());
  if (state->display == nullptr) return Failure{Error::from_errno("connect to the Wayland socket " + socket)};
  static wl_registry_listener const registry_listener{
      [](void* data, wl_registry* registry, std::uint32_t name, char const* interface, std::uint32_t) {
        auto& s = *static_cast<State*>(data);
        std::string_view const wanted = interface;
        if (wanted == wl_compositor_interface.name) {
          s.compositor = static_cast<wl_compositor*>(wl_registry_bind(registry, name, &wl_compositor_interface, 4));
        } else if (wanted == wl_shm_interface.name) {
          s.shm = static_cast<wl_shm*>(wl_registry_bind(registry, name, &wl_shm_interface, 1));
        } else if (wanted == xdg_wm_base_interface.name) {
          s.shell = static_cast<xdg_wm_base*>(wl_registry_bind(registry, name, &xdg_wm_base_interface, 1));
        }
      },
      no_op_global_remove};
  wl_registry_add_listener(wl_display_get_registry(state->display), &registry_listener, state.get());
  wl_display_roundtrip(state->display);
  if (state->compositor == nullptr || state->shm == nullptr || state->shell == nullptr) {
    return Failure{Error{"the compositor lacks wl_compositor, wl_shm or xdg_wm_base", 0}};
  }
  xdg_wm_base_add_listener(state->shell, &kShellListener, nullptr);
  std::size_t const size = std::size_t{4} * static_cast<unsigned>(width) * static_cast<unsigned>(height);
  BH_TRY(memory, make_sealed_memory("bench-client", size));
  BH_TRY(pixels, Mapping::map(memory, size, Mapping::Access::read_write));
  std::memset(pixels.bytes().data(), 0x77, size);
  state->pixels = std::move(pixels);
  wl_shm_pool* const pool = wl_shm_create_pool(state->shm, memory.borrow(), static_cast<std::int32_t>(size));
  state->buffer = wl_shm_pool_create_buffer(pool, 0, width, height, width * 4, WL_SHM_FORMAT_XRGB8888);
  wl_shm_pool_destroy(pool);
  state->surface = wl_compositor_create_surface(state->compositor);
  xdg_surface* const xdg = xdg_wm_base_get_xdg_surface(state->shell, state->surface);
  static xdg_surface_listener const surface_listener{[](void* data, xdg_surface* surface, std::uint32_t serial) {
    xdg_surface_ack_configure(surface, serial);
    static_cast<State*>(data)->configured = true;
  }};
  xdg_surface_add_listener(xdg, &surface_listener, state.get());
  xdg_toplevel* const toplevel = xdg_surface_get_toplevel(xdg);
  xdg_toplevel_add_listener(toplevel, &kToplevelListener, nullptr);
  xdg_toplevel_set_title(toplevel, "bench");
  wl_surface_commit(state->surface);
  if (!state->wait_until(state->configured)) return Failure{Error{"the compositor does not configure the window", 0}};
  return WaylandWindow(std::move(state));
}

double WaylandWindow::frame(int width, int height) {
  State& s = *state_;
  auto const begun = Clock::now();
  s.drawn = false;
  wl_surface_attach(s.surface, s.buffer, 0, 0);
  wl_surface_damage_buffer(s.surface, 0, 0, width, height);
  wl_callback_add_listener(wl_surface_frame(s.surface), &kFrameListener, &s.drawn);
  wl_surface_commit(s.surface);
  if (!s.wait_until(s.drawn)) return -1;
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

}  // namespace bh::bench
