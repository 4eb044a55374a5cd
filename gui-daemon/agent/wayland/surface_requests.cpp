// wl_surface, wl_region and wl_compositor as clients call them.
#include <wayland-server-protocol.h>

#include "gui-daemon/agent/wayland/compositor.h"
#include "gui-daemon/agent/wayland/resource.h"
#include "gui-daemon/agent/wayland/surface.h"

namespace bh::gui_agent {

namespace {

// GUARD: a client that asks for callbacks without ever committing.
constexpr std::size_t kMaxPendingCallbacks = 1024;

void attach(wl_client*, wl_resource* resource, wl_resource* buffer, std::int32_t x, std::int32_t y) {
  if (wl_resource_get_version(resource) >= WL_SURFACE_OFFSET_SINCE_VERSION && (x != 0 || y != 0)) {
    wl_resource_post_error(resource, WL_SURFACE_ERROR_INVALID_OFFSET, "wl_surface.offset replaces the arguments x and y");
    return;
  }
  std::shared_ptr<HeldBuffer> held;
  if (buffer != nullptr) {
    held = HeldBuffer::hold(buffer);
    if (!held) return;
  }
  auto& pending = object_of<Surface>(resource)->pending();
  pending.attached = true;
  pending.buffer = std::move(held);
}

void damage(wl_client*, wl_resource* resource, std::int32_t x, std::int32_t y, std::int32_t width, std::int32_t height) {
  object_of<Surface>(resource)->pending().surface_damage.add(clamped_rect(x, y, width, height));
}

void damage_buffer(wl_client*, wl_resource* resource, std::int32_t x, std::int32_t y, std::int32_t width, std::int32_t height) {
  object_of<Surface>(resource)->pending().buffer_damage.add(clamped_rect(x, y, width, height));
}

void frame(wl_client* client, wl_resource* resource, std::uint32_t id) {
  auto& pending = object_of<Surface>(resource)->pending();
  if (pending.callbacks.size() >= kMaxPendingCallbacks) return wl_client_post_no_memory(client);
  pending.callbacks.push_back(FrameCallback::create(client, id));
}

void set_input_region(wl_client*, wl_resource* resource, wl_resource* region) {
  auto& pending = object_of<Surface>(resource)->pending();
  if (region == nullptr) {
    pending.input = std::optional<InputRegion>();
  } else {
    pending.input = std::optional<InputRegion>(*object_of<InputRegion>(region));
  }
}

void set_buffer_transform(wl_client*, wl_resource* resource, std::int32_t transform) {
  // Our only output is never rotated, and no client rotates for an output that is not.
  if (transform != WL_OUTPUT_TRANSFORM_NORMAL) {
    wl_resource_post_error(resource, WL_SURFACE_ERROR_INVALID_TRANSFORM, "this compositor shows unrotated buffers only");
  }
}

void set_buffer_scale(wl_client*, wl_resource* resource, std::int32_t scale) {
  constexpr int kMaxScale = 64;
  if (scale < 1 || scale > kMaxScale) {
    wl_resource_post_error(resource, WL_SURFACE_ERROR_INVALID_SCALE, "scale must lie in 1..64");
    return;
  }
  object_of<Surface>(resource)->pending().scale = scale;
}

struct wl_surface_interface const kSurfaceRequests = {
    .destroy = destroy_request,
    .attach = attach,
    .damage = damage,
    .frame = frame,
    .set_opaque_region = [](wl_client*, wl_resource*, wl_resource*) {},
    .set_input_region = set_input_region,
    .commit = [](wl_client*, wl_resource* resource) { object_of<Surface>(resource)->commit(); },
    .set_buffer_transform = set_buffer_transform,
    .set_buffer_scale = set_buffer_scale,
    .damage_buffer = damage_buffer,
    .offset = [](wl_client*, wl_resource*, std::int32_t, std::int32_t) {},
};

void change_region(wl_resource* resource, Rect const& rect, bool add) {
  object_of<InputRegion>(resource)->change(rect, add);
}

struct wl_region_interface const kRegionRequests = {
    .destroy = destroy_request,
    .add = [](wl_client*, wl_resource* r, std::int32_t x, std::int32_t y, std::int32_t width,
              std::int32_t height) { change_region(r, clamped_rect(x, y, width, height), true); },
    .subtract = [](wl_client*, wl_resource* r, std::int32_t x, std::int32_t y, std::int32_t width,
                   std::int32_t height) { change_region(r, clamped_rect(x, y, width, height), false); },
};

struct wl_compositor_interface const kCompositorRequests = {
    .create_surface = [](wl_client* client, wl_resource* resource,
                         std::uint32_t id) { Surface::create(client, wl_resource_get_version(resource), id); },
    .create_region =
        [](wl_client* client, wl_resource* resource, std::uint32_t id) {
          NewResource const wanted{client, &wl_region_interface, wl_resource_get_version(resource), id};
          make_resource(wanted, &kRegionRequests, std::make_shared<InputRegion>());
        },
};

void bind_compositor(wl_client* client, void*, std::uint32_t version, std::uint32_t id) {
  wl_resource* const resource = wl_resource_create(client, &wl_compositor_interface, static_cast<int>(version), id);
  if (resource == nullptr) return wl_client_post_no_memory(client);
  wl_resource_set_implementation(resource, &kCompositorRequests, nullptr, nullptr);
}

}  // namespace

void const* surface_requests() { return &kSurfaceRequests; }

Global make_compositor(wl_display* display) {
  return Global(wl_global_create(display, &wl_compositor_interface, 5, nullptr, bind_compositor));
}

}  // namespace bh::gui_agent
