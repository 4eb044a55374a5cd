#include "gui-daemon/agent/wayland/output.h"

#include <wayland-server-protocol.h>

namespace bh::gui_agent {

namespace {
struct wl_output_interface const kRequests = {.release = destroy_request};
constexpr int kRefreshMilliHertz = 60'000;
// Physical size at 96 dpi: the real one is none of the guest's business.
int millimetres(int pixels) { return pixels * 254 / 960; }
}  // namespace

Output::Output(wl_display* display) : global_(wl_global_create(display, &wl_output_interface, 4, this, bind)) {}

void Output::bind(wl_client* client, void* data, std::uint32_t version, std::uint32_t id) {
  auto* const self = static_cast<Output*>(data);
  wl_resource* const resource = self->resources_.add({client, &wl_output_interface, static_cast<int>(version), id}, &kRequests);
  if (resource == nullptr) return;
  if (version >= WL_OUTPUT_NAME_SINCE_VERSION) {
    wl_output_send_name(resource, "BULKHEAD-1");
    wl_output_send_description(resource, "the desktop of dom0");
  }
  self->send_mode(resource);
}

void Output::send_mode(wl_resource* resource) const {
  wl_output_send_geometry(resource, 0, 0, millimetres(size_.width), millimetres(size_.height), WL_OUTPUT_SUBPIXEL_UNKNOWN,
                          "Bulkhead", "desktop", WL_OUTPUT_TRANSFORM_NORMAL);
  wl_output_send_mode(resource, WL_OUTPUT_MODE_CURRENT | WL_OUTPUT_MODE_PREFERRED, size_.width, size_.height, kRefreshMilliHertz);
  if (wl_resource_get_version(resource) < WL_OUTPUT_DONE_SINCE_VERSION) return;
  wl_output_send_scale(resource, 1);
  wl_output_send_done(resource);
}

void Output::resize(Size size) {
  if (size.empty() || size == size_) return;
  size_ = size;
  for (wl_resource* resource : resources_.all()) send_mode(resource);
}

void Output::send_enter(Surface const& surface) const {
  if (surface.resource() == nullptr) return;
  for (wl_resource* output : resources_.of(wl_resource_get_client(surface.resource()))) {
    wl_surface_send_enter(surface.resource(), output);
  }
}

}  // namespace bh::gui_agent
