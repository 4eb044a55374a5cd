#include "tests/bench/all/x11_surface.h"

#include <chrono>
#include <cstdlib>
#include <cstring>

#include "base/posix_io.h"

namespace bh::bench {

Result<X11Surface> X11Surface::create(std::string const& display, std::uint16_t width, std::uint16_t height) {
  std::size_t const size = std::size_t{4} * width * height;
  BH_TRY(memory, make_sealed_memory("bench", size));
  BH_TRY(mapping, Mapping::map(memory, size, Mapping::Access::read_write));
  std::memset(mapping.bytes().data(), 0x5A, size);
  Connection connection(xcb_connect(display.c_str(), nullptr));
  if (xcb_connection_has_error(connection.get()) != 0) return Failure{Error{"no X server on " + display, 0}};
  X11Surface surface(std::move(connection), std::move(mapping));
  surface.width_ = width;
  surface.height_ = height;
  xcb_connection_t* const c = surface.connection_.get();
  xcb_screen_t const* const screen = xcb_setup_roots_iterator(xcb_get_setup(c)).data;
  surface.window_ = xcb_generate_id(c);
  std::uint32_t const unmanaged = 1;
  xcb_create_window(c, XCB_COPY_FROM_PARENT, surface.window_, screen->root, 0, 0, width, height, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
                    XCB_COPY_FROM_PARENT, XCB_CW_OVERRIDE_REDIRECT, &unmanaged);
  surface.gc_ = xcb_generate_id(c);
  xcb_create_gc(c, surface.gc_, surface.window_, 0, nullptr);
  xcb_map_window(c, surface.window_);
  // The version question initialises the extension, without which its events have no number.
  std::free(xcb_shm_query_version_reply(c, xcb_shm_query_version(c), nullptr));
  surface.segment_ = xcb_generate_id(c);
  auto const cookie = xcb_shm_attach_fd_checked(c, surface.segment_, memory.release(), 1);
  if (xcb_generic_error_t* const error = xcb_request_check(c, cookie); error != nullptr) {
    std::free(error);
    return Failure{Error{"the X server does not attach shared memory by descriptor", 0}};
  }
  return surface;
}

void X11Surface::stack(bool above) {
  xcb_connection_t* const c = connection_.get();
  std::uint32_t const mode = above ? XCB_STACK_MODE_ABOVE : XCB_STACK_MODE_BELOW;
  xcb_configure_window(c, window_, XCB_CONFIG_WINDOW_STACK_MODE, &mode);
  // Any question will do: its answer says that the server has come this far.
  std::free(xcb_get_input_focus_reply(c, xcb_get_input_focus(c), nullptr));
}

double X11Surface::put(std::uint16_t width, std::uint16_t height) {
  xcb_connection_t* const c = connection_.get();
  auto const begun = std::chrono::steady_clock::now();
  xcb_shm_put_image(c, window_, gc_, width_, height_, 0, 0, width, height, 0, 0, 24, XCB_IMAGE_FORMAT_Z_PIXMAP, 1, segment_, 0);
  xcb_flush(c);
  std::uint8_t const completion = static_cast<std::uint8_t>(xcb_get_extension_data(c, &xcb_shm_id)->first_event + XCB_SHM_COMPLETION);
  for (;;) {
    xcb_generic_event_t* const event = xcb_wait_for_event(c);
    if (event == nullptr) return -1;
    bool const done = (event->response_type & 0x7F) == completion;
    std::free(event);
    if (done) return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  }
}

}  // namespace bh::bench
