#include "gui-daemon/agent/wayland/subsurface.h"

#include <wayland-server-protocol.h>

namespace bh::gui_agent {

void Subsurface::unlink() {
  if (auto const parent = parent_.lock()) {
    parent->remove_child(this);
    parent->notify_root();
  }
  parent_.reset();
}

bool Subsurface::apply_position() {
  if (position_ == pending_position_) return false;
  position_ = pending_position_;
  return true;
}

bool Subsurface::waits_for_parent() const {
  if (synchronised_) return true;
  auto const parent = parent_.lock();
  auto const above = parent ? parent->subsurface() : nullptr;
  return above && above->waits_for_parent();
}

void Subsurface::set_synchronised(bool on) {
  synchronised_ = on;
  auto const surface = surface_.lock();
  if (surface && !waits_for_parent()) surface->apply_cached();
}

namespace {

void restack(wl_resource* resource, wl_resource* sibling_resource, bool above) {
  auto const self = object_of<Subsurface>(resource);
  auto const sibling = object_of<Surface>(sibling_resource);
  auto const parent = self->parent();
  if (!parent) return;  // inert: the parent is gone
  auto const other = sibling->subsurface();
  bool const is_parent = sibling == parent;
  bool const is_sibling = other && other != self && other->parent() == parent;
  if ((!is_parent && !is_sibling) || !parent->restack(self.get(), is_parent ? nullptr : other.get(), above)) {
    wl_resource_post_error(resource, WL_SUBSURFACE_ERROR_BAD_SURFACE, "not a sibling of this sub-surface");
  }
}

struct wl_subsurface_interface const kSubsurfaceRequests = {
    .destroy = destroy_request,
    .set_position = [](wl_client*, wl_resource* resource, std::int32_t x, std::int32_t y) {
      Rect const at = clamped_rect(x, y, 0, 0);
      object_of<Subsurface>(resource)->move_to({at.x, at.y});
    },
    .place_above = [](wl_client*, wl_resource* resource, wl_resource* sibling) { restack(resource, sibling, true); },
    .place_below = [](wl_client*, wl_resource* resource, wl_resource* sibling) { restack(resource, sibling, false); },
    .set_sync = [](wl_client*, wl_resource* resource) { object_of<Subsurface>(resource)->set_synchronised(true); },
    .set_desync = [](wl_client*, wl_resource* resource) { object_of<Subsurface>(resource)->set_synchronised(false); },
};

bool is_ancestor(std::shared_ptr<Surface> const& candidate, std::shared_ptr<Surface> surface) {
  while (surface) {
    if (surface == candidate) return true;
    auto const link = surface->subsurface();
    surface = link ? link->parent() : nullptr;
  }
  return false;
}

void get_subsurface(wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource* surface_resource,
                    wl_resource* parent_resource) {
  auto const surface = object_of<Surface>(surface_resource);
  auto const parent = object_of<Surface>(parent_resource);
  // GUARD: a surface that is its own ancestor would be drawn for ever.
  if (is_ancestor(surface, parent)) {
    wl_resource_post_error(resource, WL_SUBCOMPOSITOR_ERROR_BAD_SURFACE, "a surface cannot be its own parent");
    return;
  }
  if (!surface->assign_role(RoleKind::subsurface, {})) {
    wl_resource_post_error(resource, WL_SUBCOMPOSITOR_ERROR_BAD_SURFACE, "the surface has another role");
    return;
  }
  auto const made = std::make_shared<Subsurface>(surface, parent);
  NewResource const wanted{client, &wl_subsurface_interface, wl_resource_get_version(resource), id};
  if (make_resource(wanted, &kSubsurfaceRequests, made) == nullptr) return;
  surface->become_subsurface(made);
  parent->add_child(made);
}

struct wl_subcompositor_interface const kSubcompositorRequests = {
    .destroy = destroy_request,
    .get_subsurface = get_subsurface,
};

void bind_subcompositor(wl_client* client, void*, std::uint32_t version, std::uint32_t id) {
  wl_resource* const resource = wl_resource_create(client, &wl_subcompositor_interface, static_cast<int>(version), id);
  if (resource == nullptr) return wl_client_post_no_memory(client);
  wl_resource_set_implementation(resource, &kSubcompositorRequests, nullptr, nullptr);
}

}  // namespace

Global make_subcompositor(wl_display* display) {
  return Global(wl_global_create(display, &wl_subcompositor_interface, 1, nullptr, bind_subcompositor));
}

}  // namespace bh::gui_agent
