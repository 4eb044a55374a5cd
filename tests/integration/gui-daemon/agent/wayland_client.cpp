#include "wayland_client.h"

#include <gtest/gtest.h>
#include <chrono>
#include <thread>
#include <poll.h>
#include <sys/mman.h>
#include <viewporter-client-protocol.h>
#include <xdg-decoration-unstable-v1-client-protocol.h>

#include <cstring>

// libwayland-client keeps the proxies that a test leaves behind at disconnection; leaks of the agent are in another process.
extern "C" char const* __lsan_default_suppressions();
extern "C" char const* __lsan_default_suppressions() { return "leak:libwayland-client"; }

namespace bh::gui_agent_test {

namespace {

WaylandClient& client(void* data) { return *static_cast<WaylandClient*>(data); }
ShellSurface& shell(void* data) { return *static_cast<ShellSurface*>(data); }

template <class T>
void bind(T*& into, wl_registry* registry, std::uint32_t name, wl_interface const& interface, std::uint32_t version) {
  into = static_cast<T*>(wl_registry_bind(registry, name, &interface, version));
}

wl_registry_listener const kRegistry = {
    .global =
        [](void* data, wl_registry* registry, std::uint32_t name, char const* interface, std::uint32_t) {
          std::string_view const wanted = interface;
          auto& c = client(data);
          if (wanted == "wl_compositor") bind(c.compositor, registry, name, wl_compositor_interface, 4);
          if (wanted == "wl_subcompositor") bind(c.subcompositor, registry, name, wl_subcompositor_interface, 1);
          if (wanted == "wl_shm") bind(c.shm, registry, name, wl_shm_interface, 1);
          if (wanted == "xdg_wm_base") bind(c.wm_base, registry, name, xdg_wm_base_interface, 3);
          if (wanted == "wl_seat") bind(c.seat, registry, name, wl_seat_interface, 5);
          if (wanted == "wl_output") bind(c.output, registry, name, wl_output_interface, 3);
          if (wanted == "wl_data_device_manager") bind(c.data_manager, registry, name, wl_data_device_manager_interface, 3);
          if (wanted == "wp_viewporter") bind(c.viewporter, registry, name, wp_viewporter_interface, 1);
          if (wanted == "zxdg_decoration_manager_v1") {
            bind(c.decoration_manager, registry, name, zxdg_decoration_manager_v1_interface, 1);
          }
        },
    .global_remove = [](void*, wl_registry*, std::uint32_t) {},
};

wl_output_listener const kOutput = {
    .geometry = [](void*, wl_output*, int, int, int, int, int, char const*, char const*, int) {},
    .mode =
        [](void* data, wl_output*, std::uint32_t, int width, int height, int) {
          client(data).output_width = width;
          client(data).output_height = height;
        },
    .done = [](void*, wl_output*) {},
    .scale = [](void*, wl_output*, int) {},
    .name = [](void*, wl_output*, char const*) {},
    .description = [](void*, wl_output*, char const*) {},
};

wl_keyboard_listener const kKeyboard = {
    .keymap =
        [](void* data, wl_keyboard*, std::uint32_t, int raw, std::uint32_t size) {
          UniqueFd const fd(raw);
          void* const text = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.borrow(), 0);
          ASSERT_NE(text, MAP_FAILED);
          client(data).keymap.assign(static_cast<char const*>(text), size - 1);
          ::munmap(text, size);
        },
    .enter =
        [](void* data, wl_keyboard*, std::uint32_t serial, wl_surface* surface, wl_array*) {
          client(data).keyboard_focus = surface;
          client(data).last_serial = serial;
        },
    .leave = [](void* data, wl_keyboard*, std::uint32_t, wl_surface*) { client(data).keyboard_focus = nullptr; },
    .key =
        [](void* data, wl_keyboard*, std::uint32_t serial, std::uint32_t, std::uint32_t code, std::uint32_t state) {
          client(data).keys.push_back({code, state == WL_KEYBOARD_KEY_STATE_PRESSED, client(data).modifiers});
          client(data).last_serial = serial;
        },
    .modifiers = [](void* data, wl_keyboard*, std::uint32_t, std::uint32_t depressed, std::uint32_t, std::uint32_t,
                    std::uint32_t) { client(data).modifiers = depressed; },
    .repeat_info =
        [](void* data, wl_keyboard*, int rate, int delay) {
          client(data).repeat_rate = rate;
          client(data).repeat_delay = delay;
        },
};

void moved(void* data, wl_fixed_t x, wl_fixed_t y) {
  client(data).seen_pointer.x = wl_fixed_to_double(x);
  client(data).seen_pointer.y = wl_fixed_to_double(y);
}

wl_pointer_listener pointer_listener() {
  wl_pointer_listener l{};
  l.enter = [](void* data, wl_pointer*, std::uint32_t, wl_surface* surface, wl_fixed_t x, wl_fixed_t y) {
    client(data).seen_pointer.surface = surface;
    moved(data, x, y);
  };
  l.leave = [](void* data, wl_pointer*, std::uint32_t, wl_surface*) { client(data).seen_pointer.surface = nullptr; };
  l.motion = [](void* data, wl_pointer*, std::uint32_t, wl_fixed_t x, wl_fixed_t y) { moved(data, x, y); };
  l.button = [](void* data, wl_pointer*, std::uint32_t serial, std::uint32_t, std::uint32_t button, std::uint32_t state) {
    client(data).seen_pointer.buttons.emplace_back(button, state == WL_POINTER_BUTTON_STATE_PRESSED);
    client(data).last_serial = serial;
  };
  l.axis = [](void* data, wl_pointer*, std::uint32_t, std::uint32_t, wl_fixed_t value) {
    client(data).seen_pointer.scrolled += wl_fixed_to_double(value);
  };
  l.frame = [](void*, wl_pointer*) {};
  l.axis_source = [](void*, wl_pointer*, std::uint32_t) {};
  l.axis_stop = [](void*, wl_pointer*, std::uint32_t, std::uint32_t) {};
  l.axis_discrete = [](void*, wl_pointer*, std::uint32_t, int) {};
  return l;
}
wl_pointer_listener const kPointer = pointer_listener();

xdg_surface_listener const kXdgSurface = {
    .configure =
        [](void* data, xdg_surface*, std::uint32_t serial) {
          ++shell(data).configures;
          shell(data).serial = serial;
          shell(data).unacknowledged = true;
        },
};

xdg_toplevel_listener toplevel_listener() {
  xdg_toplevel_listener l{};
  l.configure = [](void* data, xdg_toplevel*, int width, int height, wl_array* states) {
    auto& s = shell(data);
    s.width = width;
    s.height = height;
    s.activated = s.fullscreen = false;
    auto const* const all = static_cast<std::uint32_t const*>(states->data);
    for (std::size_t i = 0; i < states->size / sizeof *all; ++i) {
      s.activated = s.activated || all[i] == XDG_TOPLEVEL_STATE_ACTIVATED;
      s.fullscreen = s.fullscreen || all[i] == XDG_TOPLEVEL_STATE_FULLSCREEN;
    }
  };
  l.close = [](void* data, xdg_toplevel*) { shell(data).closed = true; };
  return l;
}
xdg_toplevel_listener const kToplevel = toplevel_listener();

xdg_popup_listener const kPopup = {
    .configure =
        [](void* data, xdg_popup*, int x, int y, int width, int height) {
          auto& s = shell(data);
          s.x = x;
          s.y = y;
          s.width = width;
          s.height = height;
        },
    .popup_done = [](void* data, xdg_popup*) { shell(data).closed = true; },
    .repositioned = [](void*, xdg_popup*, std::uint32_t) {},
};

wl_callback_listener const kFrame = {
    .done =
        [](void* data, wl_callback* callback, std::uint32_t) {
          ++shell(data).frames;
          wl_callback_destroy(callback);
        },
};

wl_buffer_listener const kBuffer = {.release = [](void* data, wl_buffer*) { ++*static_cast<int*>(data); }};

}  // namespace

ShmBuffer::ShmBuffer(wl_shm* shm, int width, int height, std::uint32_t colour, std::uint32_t format)
    : width_(width), height_(height), file_(::memfd_create("test-buffer", MFD_CLOEXEC)) {
  int const size = width * height * 4;
  EXPECT_EQ(::ftruncate(file_.borrow(), size), 0);
  memory_ = *Mapping::map(file_, static_cast<std::size_t>(size), Mapping::Access::read_write);
  wl_shm_pool* const pool = wl_shm_create_pool(shm, file_.borrow(), size);
  buffer_ = wl_shm_pool_create_buffer(pool, 0, width, height, width * 4, format);
  wl_shm_pool_destroy(pool);
  wl_buffer_add_listener(buffer_, &kBuffer, &releases_);
  fill(0, 0, width, height, colour);
}

ShmBuffer::~ShmBuffer() { wl_buffer_destroy(buffer_); }

void ShmBuffer::fill(int x, int y, int width, int height, std::uint32_t colour) {
  for (int row = y; row < y + height; ++row) {
    for (int column = x; column < x + width; ++column) {
      auto const at = (static_cast<std::size_t>(row) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(column)) * 4;
      std::memcpy(memory_.bytes().subspan(at, 4).data(), &colour, 4);
    }
  }
}

ShellSurface::~ShellSurface() {
  if (toplevel != nullptr) xdg_toplevel_destroy(toplevel);
  if (popup != nullptr) xdg_popup_destroy(popup);
  if (shell != nullptr) xdg_surface_destroy(shell);
  wl_surface_destroy(surface);
}

void ShellSurface::attach(ShmBuffer const& buffer) {
  wl_surface_attach(surface, buffer.get(), 0, 0);
  damage(0, 0, buffer.width(), buffer.height());
}

void ShellSurface::damage(int x_, int y_, int width_, int height_) { wl_surface_damage_buffer(surface, x_, y_, width_, height_); }

void ShellSurface::ask_frame() { wl_callback_add_listener(wl_surface_frame(surface), &kFrame, this); }

void ShellSurface::commit() {
  if (unacknowledged) xdg_surface_ack_configure(shell, serial);
  unacknowledged = false;
  wl_surface_commit(surface);
}

namespace {
// The socket's file is there a moment before the agent listens on it.
wl_display* connect_in_time(std::string const& socket) {
  for (int tries = 0; tries < 200; ++tries) {
    if (wl_display* const display = wl_display_connect(socket.c_str()); display != nullptr) return display;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return nullptr;
}
}  // namespace

WaylandClient::WaylandClient(std::string const& socket) : display(connect_in_time(socket)) {
  if (display == nullptr) {
    ADD_FAILURE() << "cannot connect to " << socket;
    std::abort();
  }
  wl_registry* const registry = wl_display_get_registry(display);
  wl_registry_add_listener(registry, &kRegistry, this);
  roundtrip();
  wl_registry_destroy(registry);
  wl_output_add_listener(output, &kOutput, this);
  keyboard = wl_seat_get_keyboard(seat);
  wl_keyboard_add_listener(keyboard, &kKeyboard, this);
  pointer = wl_seat_get_pointer(seat);
  wl_pointer_add_listener(pointer, &kPointer, this);
  roundtrip();
}

WaylandClient::~WaylandClient() { wl_display_disconnect(display); }

std::unique_ptr<ShellSurface> WaylandClient::toplevel(std::string const& title, std::string const& app_id) {
  auto made = std::make_unique<ShellSurface>();
  made->surface = wl_compositor_create_surface(compositor);
  made->shell = xdg_wm_base_get_xdg_surface(wm_base, made->surface);
  xdg_surface_add_listener(made->shell, &kXdgSurface, made.get());
  made->toplevel = xdg_surface_get_toplevel(made->shell);
  xdg_toplevel_add_listener(made->toplevel, &kToplevel, made.get());
  xdg_toplevel_set_title(made->toplevel, title.c_str());
  xdg_toplevel_set_app_id(made->toplevel, app_id.c_str());
  made->commit();
  roundtrip();
  return made;
}

std::unique_ptr<ShellSurface> WaylandClient::popup(ShellSurface const& parent, int x, int y, int width, int height) {
  auto made = std::make_unique<ShellSurface>();
  made->surface = wl_compositor_create_surface(compositor);
  made->shell = xdg_wm_base_get_xdg_surface(wm_base, made->surface);
  xdg_surface_add_listener(made->shell, &kXdgSurface, made.get());
  xdg_positioner* const positioner = xdg_wm_base_create_positioner(wm_base);
  xdg_positioner_set_size(positioner, width, height);
  xdg_positioner_set_anchor_rect(positioner, x, y, 1, 1);
  xdg_positioner_set_anchor(positioner, XDG_POSITIONER_ANCHOR_TOP_LEFT);
  xdg_positioner_set_gravity(positioner, XDG_POSITIONER_GRAVITY_BOTTOM_RIGHT);
  made->popup = xdg_surface_get_popup(made->shell, parent.shell, positioner);
  xdg_positioner_destroy(positioner);
  xdg_popup_add_listener(made->popup, &kPopup, made.get());
  made->commit();
  roundtrip();
  return made;
}

bool WaylandClient::dispatch() {
  while (wl_display_prepare_read(display) != 0) {
    if (wl_display_dispatch_pending(display) < 0) return false;
  }
  wl_display_flush(display);
  pollfd ready{wl_display_get_fd(display), POLLIN, 0};
  if (::poll(&ready, 1, 0) > 0) {
    wl_display_read_events(display);
  } else {
    wl_display_cancel_read(display);
  }
  return wl_display_dispatch_pending(display) >= 0 && wl_display_get_error(display) == 0;
}

}  // namespace bh::gui_agent_test
