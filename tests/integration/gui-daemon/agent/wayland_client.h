// WaylandClient: a small Wayland program for tests, on libwayland-client. It records what it is told and draws when a test says so.
#pragma once

#include <wayland-client.h>
#include <xdg-shell-client-protocol.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/mapping.h"

struct wp_viewporter;
struct wp_viewport;
struct zxdg_decoration_manager_v1;

namespace bh::gui_agent_test {

// A wl_buffer of one colour (0xAARRGGBB), pixels writable by the test.
class ShmBuffer {
 public:
  ShmBuffer(wl_shm* shm, int width, int height, std::uint32_t colour, std::uint32_t format = WL_SHM_FORMAT_XRGB8888);
  ~ShmBuffer();
  ShmBuffer(ShmBuffer const&) = delete;
  ShmBuffer& operator=(ShmBuffer const&) = delete;
  void fill(int x, int y, int width, int height, std::uint32_t colour);
  [[nodiscard]] wl_buffer* get() const { return buffer_; }
  [[nodiscard]] int releases() const { return releases_; }
  [[nodiscard]] int width() const { return width_; }
  [[nodiscard]] int height() const { return height_; }
  [[nodiscard]] UniqueFd const& file() const { return file_; }

 private:
  int width_;
  int height_;
  UniqueFd file_;
  Mapping memory_;
  wl_buffer* buffer_;
  int releases_ = 0;
};

// An xdg_surface with its wl_surface; configure events are acknowledged by the next commit().
struct ShellSurface {
  wl_surface* surface = nullptr;
  xdg_surface* shell = nullptr;
  xdg_toplevel* toplevel = nullptr;
  xdg_popup* popup = nullptr;
  int configures = 0;
  std::uint32_t serial = 0;
  bool unacknowledged = false;
  int width = 0;
  int height = 0;
  int x = 0;
  int y = 0;
  bool activated = false;
  bool fullscreen = false;
  bool closed = false;   // close, or popup_done
  int frames = 0;        // callbacks done
  ~ShellSurface();

  void attach(ShmBuffer const& buffer);  // and all of it damaged
  void damage(int x, int y, int width, int height);
  void ask_frame();
  void commit();
};

struct SeenKey {
  std::uint32_t code;
  bool pressed;
  std::uint32_t depressed_modifiers;
};
struct SeenPointer {
  wl_surface* surface = nullptr;
  double x = 0;
  double y = 0;
  std::vector<std::pair<std::uint32_t, bool>> buttons;
  double scrolled = 0;
};

class WaylandClient {
 public:
  explicit WaylandClient(std::string const& socket);
  ~WaylandClient();
  WaylandClient(WaylandClient const&) = delete;
  WaylandClient& operator=(WaylandClient const&) = delete;

  std::unique_ptr<ShellSurface> toplevel(std::string const& title, std::string const& app_id);
  std::unique_ptr<ShellSurface> popup(ShellSurface const& parent, int x, int y, int width, int height);
  std::unique_ptr<ShmBuffer> buffer(int width, int height, std::uint32_t colour, std::uint32_t format = WL_SHM_FORMAT_XRGB8888) const {
    return std::make_unique<ShmBuffer>(shm, width, height, colour, format);
  }
  // Handles what has come, never waits. False: the connection ended (a protocol error).
  bool dispatch();
  // Sends everything and waits for the answers.
  bool roundtrip() { return wl_display_roundtrip(display) >= 0; }

  wl_display* display = nullptr;
  wl_compositor* compositor = nullptr;
  wl_subcompositor* subcompositor = nullptr;
  wl_shm* shm = nullptr;
  xdg_wm_base* wm_base = nullptr;
  wl_seat* seat = nullptr;
  wl_output* output = nullptr;
  wl_data_device_manager* data_manager = nullptr;
  wp_viewporter* viewporter = nullptr;
  zxdg_decoration_manager_v1* decoration_manager = nullptr;
  wl_keyboard* keyboard = nullptr;
  wl_pointer* pointer = nullptr;

  int output_width = 0;
  int output_height = 0;
  std::string keymap;
  int repeat_rate = -1;
  int repeat_delay = -1;
  wl_surface* keyboard_focus = nullptr;
  std::vector<SeenKey> keys;
  std::uint32_t modifiers = 0;
  std::uint32_t last_serial = 0;
  SeenPointer seen_pointer;
};

}  // namespace bh::gui_agent_test
