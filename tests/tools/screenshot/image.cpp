#include "tests/tools/screenshot/image.h"

#include <cairo/cairo.h>
#include <xcb/xcb.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace bh::tools {
namespace {

struct Release {
  void operator()(xcb_connection_t* connection) const { xcb_disconnect(connection); }
  void operator()(xcb_get_image_reply_t* reply) const { std::free(reply); }
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};

}  // namespace

Result<Image> capture_screen(std::string const& display) {
  std::unique_ptr<xcb_connection_t, Release> const connection(xcb_connect(display.empty() ? nullptr : display.c_str(), nullptr));
  if (xcb_connection_has_error(connection.get()) != 0) return Failure{Error{"cannot reach the X server: set DISPLAY or give --display"}};
  xcb_screen_t const* const screen = xcb_setup_roots_iterator(xcb_get_setup(connection.get())).data;
  if (screen->root_depth != 24) return Failure{Error{"the screen has not 24 bit depth"}};
  Image image{screen->width_in_pixels, screen->height_in_pixels, {}};
  auto const cookie = xcb_get_image(connection.get(), XCB_IMAGE_FORMAT_Z_PIXMAP, screen->root, 0, 0, screen->width_in_pixels,
                                    screen->height_in_pixels, ~0u);
  std::unique_ptr<xcb_get_image_reply_t, Release> const reply(xcb_get_image_reply(connection.get(), cookie, nullptr));
  std::size_t const count = std::size_t{image.width} * image.height;
  if (!reply || static_cast<std::size_t>(xcb_get_image_data_length(reply.get())) < count * 4) return Failure{Error{"the X server gave no image"}};
  image.pixels.resize(count);
  std::memcpy(image.pixels.data(), xcb_get_image_data(reply.get()), count * 4);
  for (auto& pixel : image.pixels) pixel &= 0xFFFFFF;
  return image;
}

Result<void> write_png(Image const& image, std::filesystem::path const& path) {
  std::unique_ptr<cairo_surface_t, Release> const surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(image.width), static_cast<int>(image.height)));
  cairo_surface_flush(surface.get());
  auto* const rows = cairo_image_surface_get_data(surface.get());
  if (rows == nullptr) return Failure{Error{"no memory for the picture"}};
  auto const stride = static_cast<std::size_t>(cairo_image_surface_get_stride(surface.get()));
  for (std::uint32_t y = 0; y < image.height; ++y) {
    std::memcpy(rows + y * stride, &image.pixels[std::size_t{y} * image.width], std::size_t{image.width} * 4);
  }
  cairo_surface_mark_dirty(surface.get());
  auto const status = cairo_surface_write_to_png(surface.get(), path.c_str());
  if (status != CAIRO_STATUS_SUCCESS) return Failure{Error{"cannot write " + path.string() + ": " + cairo_status_to_string(status)}};
  return {};
}

}  // namespace bh::tools
