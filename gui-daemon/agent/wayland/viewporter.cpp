#include "gui-daemon/agent/wayland/viewporter.h"

#include <viewporter-server-protocol.h>

#include "gui-daemon/agent/wayland/surface.h"

namespace bh::gui_agent {

namespace {

class Viewport {
 public:
  explicit Viewport(std::shared_ptr<Surface> const& surface) : surface_(surface) {}

  void resource_gone(wl_resource*) {
    change({});
    if (auto const surface = surface_.lock()) surface->drop_viewport();
  }
  // False: the surface is gone.
  bool change(ViewportState const& state) {
    auto const surface = surface_.lock();
    if (!surface || surface->resource() == nullptr) return false;
    state_ = state;
    surface->set_pending_viewport(state);
    return true;
  }
  [[nodiscard]] ViewportState const& state() const { return state_; }

 private:
  std::weak_ptr<Surface> surface_;
  ViewportState state_;
};

void apply(wl_resource* resource, ViewportState const& state) {
  if (!object_of<Viewport>(resource)->change(state)) {
    wl_resource_post_error(resource, WP_VIEWPORT_ERROR_NO_SURFACE, "the surface is gone");
  }
}

void set_source(wl_client*, wl_resource* resource, wl_fixed_t x, wl_fixed_t y, wl_fixed_t width, wl_fixed_t height) {
  wl_fixed_t const unset = wl_fixed_from_int(-1);
  ViewportState state = object_of<Viewport>(resource)->state();
  if (x == unset && y == unset && width == unset && height == unset) {
    state.source.reset();
  } else if (x < 0 || y < 0 || width <= 0 || height <= 0) {
    wl_resource_post_error(resource, WP_VIEWPORT_ERROR_BAD_VALUE, "a source rectangle below zero");
    return;
  } else {
    state.source = SourceRect{wl_fixed_to_double(x), wl_fixed_to_double(y), wl_fixed_to_double(width), wl_fixed_to_double(height)};
  }
  apply(resource, state);
}

void set_destination(wl_client*, wl_resource* resource, std::int32_t width, std::int32_t height) {
  ViewportState state = object_of<Viewport>(resource)->state();
  if (width == -1 && height == -1) {
    state.destination.reset();
  } else if (width <= 0 || height <= 0) {
    wl_resource_post_error(resource, WP_VIEWPORT_ERROR_BAD_VALUE, "a destination of zero or less");
    return;
  } else {
    Rect const size = clamped_rect(0, 0, width, height);
    state.destination = Size{size.width, size.height};
  }
  apply(resource, state);
}

struct wp_viewport_interface const kViewportRequests = {
    .destroy = destroy_request,
    .set_source = set_source,
    .set_destination = set_destination,
};

struct wp_viewporter_interface const kViewporterRequests = {
    .destroy = destroy_request,
    .get_viewport =
        [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource* surface) {
          if (!object_of<Surface>(surface)->take_viewport()) {
            wl_resource_post_error(resource, WP_VIEWPORTER_ERROR_VIEWPORT_EXISTS, "the surface has a viewport already");
            return;
          }
          NewResource const wanted{client, &wp_viewport_interface, wl_resource_get_version(resource), id};
          make_resource(wanted, &kViewportRequests, std::make_shared<Viewport>(object_of<Surface>(surface)));
        },
};

void bind(wl_client* client, void*, std::uint32_t version, std::uint32_t id) {
  wl_resource* const resource = wl_resource_create(client, &wp_viewporter_interface, static_cast<int>(version), id);
  if (resource == nullptr) return wl_client_post_no_memory(client);
  wl_resource_set_implementation(resource, &kViewporterRequests, nullptr, nullptr);
}

}  // namespace

Global make_viewporter(wl_display* display) {
  return Global(wl_global_create(display, &wp_viewporter_interface, 1, nullptr, bind));
}

}  // namespace bh::gui_agent
