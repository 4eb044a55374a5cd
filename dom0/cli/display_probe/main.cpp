// bulkhead-display-probe: asks the display servers of the environment what they can share. A program of its own, so that doctor can end
// it when a server does not answer, and so that the CLI links no display library.
#include <sys/mman.h>
#include <wayland-client.h>
#include <xcb/shm.h>
#include <xcb/xcb.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/posix_io.h"
#include "dom0/cli/display_probe/display_answer.h"

namespace bh::cli {
namespace {

constexpr std::size_t kPage = 4096;

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
struct Disconnect {
  void operator()(xcb_connection_t* connection) const { xcb_disconnect(connection); }
  void operator()(wl_display* display) const { wl_display_disconnect(display); }
};

bool has_shm(xcb_connection_t* connection) {
  auto const* const extension = xcb_get_extension_data(connection, &xcb_shm_id);
  return extension != nullptr && extension->present != 0;
}

// Not what the version promises, but what the server does: a server at the far end of a network has 1.2 as well.
bool takes_descriptor(xcb_connection_t* connection) {
  auto memory = make_sealed_memory("bulkhead-display-probe", kPage);
  if (!memory) return false;
  xcb_shm_seg_t const segment = xcb_generate_id(connection);
  auto const request = xcb_shm_attach_fd_checked(connection, segment, memory->release(), 0);
  std::unique_ptr<xcb_generic_error_t, Free> const error(xcb_request_check(connection, request));
  if (error || xcb_connection_has_error(connection) != 0) return false;
  xcb_shm_detach(connection, segment);
  xcb_flush(connection);
  return true;
}

std::optional<X11Answer> ask_x11() {
  std::unique_ptr<xcb_connection_t, Disconnect> const connection(xcb_connect(nullptr, nullptr));
  if (xcb_connection_has_error(connection.get()) != 0) return std::nullopt;
  X11Answer answer;
  if (!has_shm(connection.get())) return answer;
  std::unique_ptr<xcb_shm_query_version_reply_t, Free> const version(xcb_shm_query_version_reply(connection.get(), xcb_shm_query_version(connection.get()), nullptr));
  if (!version) return answer;
  answer.shm_version = std::to_string(version->major_version) + "." + std::to_string(version->minor_version);
  bool const promised = version->major_version > 1 || (version->major_version == 1 && version->minor_version >= 2);
  answer.shared_fd = promised && takes_descriptor(connection.get());
  return answer;
}

struct Seen {
  WaylandAnswer answer;
  wl_shm* shm = nullptr;
};

void on_format(void* data, wl_shm*, std::uint32_t format) {
  auto& answer = static_cast<Seen*>(data)->answer;
  answer.argb = answer.argb || format == WL_SHM_FORMAT_ARGB8888;
  answer.xrgb = answer.xrgb || format == WL_SHM_FORMAT_XRGB8888;
}
constexpr wl_shm_listener kShmListener{on_format};

void on_global(void* data, wl_registry* registry, std::uint32_t name, char const* interface, std::uint32_t) {
  auto& seen = *static_cast<Seen*>(data);
  std::string_view const what = interface;
  if (what == "xdg_wm_base") seen.answer.xdg_shell = true;
  if (what == "wp_security_context_manager_v1") seen.answer.security_context = true;
  if (what != "wl_shm" || seen.shm != nullptr) return;
  seen.answer.shm = true;
  seen.shm = static_cast<wl_shm*>(wl_registry_bind(registry, name, &wl_shm_interface, 1));
  wl_shm_add_listener(seen.shm, &kShmListener, data);
}
void on_global_gone(void*, wl_registry*, std::uint32_t) {}
constexpr wl_registry_listener kRegistryListener{on_global, on_global_gone};

std::optional<WaylandAnswer> ask_wayland() {
  std::unique_ptr<wl_display, Disconnect> const display(wl_display_connect(nullptr));
  if (!display) return std::nullopt;
  Seen seen;
  wl_registry* const registry = wl_display_get_registry(display.get());
  wl_registry_add_listener(registry, &kRegistryListener, &seen);
  // The first round brings the globals, the second the formats.
  bool const answered = wl_display_roundtrip(display.get()) >= 0 && wl_display_roundtrip(display.get()) >= 0;
  if (seen.shm != nullptr) wl_shm_destroy(seen.shm);
  wl_registry_destroy(registry);
  return answered ? std::optional(seen.answer) : std::nullopt;
}

bool is_set(char const* variable) {
  char const* const value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

constexpr char const* kHelp = R"(Usage: bulkhead-display-probe

Asks the X11 server of DISPLAY and the Wayland compositor of WAYLAND_DISPLAY what they can share with qubes' windows, and prints
KEY=VALUE lines. A server that does not answer is left out. `bulkhead doctor` runs it, with a deadline.

Exit status: 0 (also if there is no server at all); 2 wrong usage.
Example: DISPLAY=:0 bulkhead-display-probe)";

}  // namespace
}  // namespace bh::cli

int main(int argc, char** argv) {
  using namespace bh::cli;
  std::string_view const option = argc == 2 ? argv[1] : "";
  if (option == "--help" || option == "-h") return std::puts(kHelp) < 0 ? 1 : 0;
  if (option == "--version") return std::puts("bulkhead-display-probe " BH_VERSION) < 0 ? 1 : 0;
  if (argc != 1) {
    std::fprintf(stderr, "bulkhead-display-probe: it takes no argument; see --help\n");
    return 2;
  }
  DisplayAnswer answer;
  if (is_set("DISPLAY")) answer.x11 = ask_x11();
  if (is_set("WAYLAND_DISPLAY")) answer.wayland = ask_wayland();
  std::fputs(format_display_answer(answer).c_str(), stdout);
  return 0;
}
