#include "gui-daemon/agent/wayland/display.h"

#include <cstdarg>
#include <cstdio>

#include "base/display_text.h"
#include "base/log.h"

namespace bh::gui_agent {

namespace {
// libwayland reports clients' protocol errors here.
void log_line(char const* format, va_list arguments) {
  char text[512];
  int const length = std::vsnprintf(text, sizeof text, format, arguments);
  std::string_view line(text, length < 0 ? 0 : std::min<std::size_t>(static_cast<std::size_t>(length), sizeof text - 1));
  if (line.ends_with('\n')) line.remove_suffix(1);
  log::warning("wayland: " + for_display(line));
}
}  // namespace

Result<Display> Display::create() {
  wl_log_set_handler_server(log_line);
  wl_display* const display = wl_display_create();
  if (display == nullptr) return Failure{Error::from_errno("create a Wayland display")};
  Display made(display);
  if (wl_display_init_shm(display) != 0) return Failure{Error{"libwayland offers no wl_shm (out of memory?)"}};
  return made;
}

Result<void> Display::listen(std::string const& name) {
  if (wl_display_add_socket(display_.get(), name.c_str()) == 0) return {};
  auto error = Error::from_errno("listen on the Wayland socket \"" + name + "\"");
  error.message += "; is XDG_RUNTIME_DIR set and does no other compositor run?";
  return Failure{std::move(error)};
}

}  // namespace bh::gui_agent
