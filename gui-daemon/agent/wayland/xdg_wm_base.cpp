#include "gui-daemon/agent/wayland/xdg_wm_base.h"

#include <xdg-shell-server-protocol.h>

#include "gui-daemon/agent/core/positioner.h"
#include "gui-daemon/agent/wayland/xdg_popup.h"
#include "gui-daemon/agent/wayland/xdg_surface.h"

namespace bh::gui_agent {

namespace {

Positioner& positioner(wl_resource* resource) { return *object_of<Positioner>(resource); }

void invalid(wl_resource* resource, char const* what) {
  wl_resource_post_error(resource, XDG_POSITIONER_ERROR_INVALID_INPUT, "%s", what);
}

void set_size(wl_client*, wl_resource* resource, std::int32_t width, std::int32_t height) {
  if (width <= 0 || height <= 0) return invalid(resource, "a size of zero or less");
  Rect const size = clamped_rect(0, 0, width, height);
  positioner(resource).size = {size.width, size.height};
}

void set_anchor_rect(wl_client*, wl_resource* resource, std::int32_t x, std::int32_t y, std::int32_t width, std::int32_t height) {
  if (width < 0 || height < 0) return invalid(resource, "an anchor rectangle below zero");
  positioner(resource).anchor_rect = clamped_rect(x, y, width, height);
  positioner(resource).has_anchor_rect = true;
}

// Anchor and gravity have the same numbers as Edge.
void set_edge(wl_resource* resource, std::uint32_t value, Edge Positioner::*edge) {
  if (value > static_cast<std::uint32_t>(Edge::bottom_right)) return invalid(resource, "no such edge");
  positioner(resource).*edge = static_cast<Edge>(value);
}

void set_adjustment(wl_client*, wl_resource* resource, std::uint32_t bits) {
  auto const has = [bits](std::uint32_t bit) { return (bits & bit) != 0; };
  positioner(resource).adjust = {has(XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_SLIDE_X), has(XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_SLIDE_Y),
                                 has(XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_FLIP_X),  has(XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_FLIP_Y),
                                 has(XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_RESIZE_X), has(XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_RESIZE_Y)};
}

void set_offset(wl_client*, wl_resource* resource, std::int32_t x, std::int32_t y) {
  Rect const at = clamped_rect(x, y, 0, 0);
  positioner(resource).offset = {at.x, at.y};
}

struct xdg_positioner_interface const kPositionerRequests = {
    .destroy = destroy_request,
    .set_size = set_size,
    .set_anchor_rect = set_anchor_rect,
    .set_anchor = [](wl_client*, wl_resource* r, std::uint32_t value) { set_edge(r, value, &Positioner::anchor); },
    .set_gravity = [](wl_client*, wl_resource* r, std::uint32_t value) { set_edge(r, value, &Positioner::gravity); },
    .set_constraint_adjustment = set_adjustment,
    .set_offset = set_offset,
    // Hints about a parent that is being resized; popups are placed against the parent as it is.
    .set_reactive = [](wl_client*, wl_resource*) {},
    .set_parent_size = [](wl_client*, wl_resource*, std::int32_t, std::int32_t) {},
    .set_parent_configure = [](wl_client*, wl_resource*, std::uint32_t) {},
};

struct xdg_wm_base_interface const kRequests = {
    .destroy = destroy_request,
    .create_positioner =
        [](wl_client* client, wl_resource* resource, std::uint32_t id) {
          NewResource const wanted{client, &xdg_positioner_interface, wl_resource_get_version(resource), id};
          make_resource(wanted, &kPositionerRequests, std::make_shared<Positioner>());
        },
    .get_xdg_surface =
        [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource* surface) {
          auto const* const context = static_cast<ShellContext const*>(wl_resource_get_user_data(resource));
          XdgSurface::create(client, resource, id, object_of<Surface>(surface), *context);
        },
    .pong = [](wl_client*, wl_resource*, std::uint32_t) {},
};

void bind(wl_client* client, void* context, std::uint32_t version, std::uint32_t id) {
  wl_resource* const resource = wl_resource_create(client, &xdg_wm_base_interface, static_cast<int>(version), id);
  if (resource == nullptr) return wl_client_post_no_memory(client);
  wl_resource_set_implementation(resource, &kRequests, context, nullptr);
}

}  // namespace

Positioner const& positioner_of(wl_resource* resource) { return positioner(resource); }

Global make_xdg_wm_base(wl_display* display, ShellContext& context) {
  return Global(wl_global_create(display, &xdg_wm_base_interface, 3, &context, bind));
}

}  // namespace bh::gui_agent
