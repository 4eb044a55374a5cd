#include "gui-daemon/agent/wayland/xdg_surface.h"

#include <xdg-shell-server-protocol.h>

#include <utility>

#include "gui-daemon/agent/wayland/output.h"
#include "gui-daemon/agent/wayland/xdg_popup.h"
#include "gui-daemon/agent/wayland/xdg_toplevel.h"
#include "gui-daemon/agent/window/desktop.h"

namespace bh::gui_agent {

namespace {

void destroy(wl_client*, wl_resource* resource) {
  if (object_of<XdgSurface>(resource)->constructed()) {
    wl_resource_post_error(resource, XDG_WM_BASE_ERROR_DEFUNCT_SURFACES, "the role object must be destroyed first");
    return;
  }
  wl_resource_destroy(resource);
}

void set_window_geometry(wl_client*, wl_resource* resource, std::int32_t x, std::int32_t y, std::int32_t width,
                         std::int32_t height) {
  if (width <= 0 || height <= 0) {
    wl_resource_post_error(resource, XDG_SURFACE_ERROR_UNCONFIGURED_BUFFER, "window geometry must not be empty");
    return;
  }
  object_of<XdgSurface>(resource)->set_geometry(clamped_rect(x, y, width, height));
}

struct xdg_surface_interface const kRequests = {
    .destroy = destroy,
    .get_toplevel = [](wl_client* client, wl_resource* resource,
                       std::uint32_t id) { XdgToplevel::create(client, id, object_of<XdgSurface>(resource)); },
    .get_popup =
        [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource* parent, wl_resource* positioner) {
          XdgPopup::create(client, id, object_of<XdgSurface>(resource), object_of<XdgSurface>(parent), positioner);
        },
    .set_window_geometry = set_window_geometry,
    .ack_configure = [](wl_client*, wl_resource* resource,
                        std::uint32_t serial) { object_of<XdgSurface>(resource)->acknowledge(serial); },
};

}  // namespace

XdgSurface::XdgSurface(ShellContext const& context, std::shared_ptr<Surface> const& surface)
    : context_(context), surface_(surface), pacer_(context.loop) {}

void XdgSurface::create(wl_client* client, wl_resource* wm_base, std::uint32_t id, std::shared_ptr<Surface> const& surface,
                        ShellContext const& context) {
  if (surface->has_content()) {
    wl_resource_post_error(wm_base, XDG_WM_BASE_ERROR_INVALID_SURFACE_STATE, "the surface has content already");
    return;
  }
  auto const made = std::make_shared<XdgSurface>(context, surface);
  NewResource const wanted{client, &xdg_surface_interface, wl_resource_get_version(wm_base), id};
  made->resource_ = make_resource(wanted, &kRequests, made);
}

void XdgSurface::resource_gone(wl_resource*) {
  resource_ = nullptr;
  destruct();
}

bool XdgSurface::construct(RoleKind role, XdgKind& kind) {
  auto const surface = surface_.lock();
  if (!surface || kind_ != nullptr) {
    wl_resource_post_error(resource_, XDG_SURFACE_ERROR_ALREADY_CONSTRUCTED, "the xdg_surface has a role already");
    return false;
  }
  if (!surface->assign_role(role, weak_from_this())) {
    wl_resource_post_error(resource_, XDG_WM_BASE_ERROR_ROLE, "the wl_surface has another role");
    return false;
  }
  if (context_.desktop->full()) {
    wl_client_post_no_memory(wl_resource_get_client(resource_));
    return false;
  }
  kind_ = &kind;
  window_ = std::make_unique<GuestWindow>(*context_.desktop, *this, role == RoleKind::popup);
  return true;
}

void XdgSurface::destruct() {
  window_.reset();
  kind_ = nullptr;
  initial_commit_done_ = false;
  acked_ = false;
  desktop_serial_.reset();
  auto const surface = surface_.lock();
  // The role object is gone, the role stays: such an object may be made again.
  if (surface && surface->role().get() == this) surface->drop_role();
}

void XdgSurface::configure() {
  if (kind_ == nullptr || resource_ == nullptr || !initial_commit_done_) return;
  kind_->send_configure();
  last_serial_ = wl_display_next_serial(wl_client_get_display(wl_resource_get_client(resource_)));
  xdg_surface_send_configure(resource_, last_serial_);
}

void XdgSurface::configure_for_desktop() {
  configure();
  desktop_serial_ = last_serial_;
}

void XdgSurface::acknowledge(std::uint32_t serial) {
  acked_ = true;
  acked_serial_ = serial;
}

Rect XdgSurface::window_geometry() const {
  auto const surface = surface_.lock();
  if (!surface) return {};
  Rect const all = surface->tree_bounds();
  if (!geometry_) return all;
  Rect const inside = intersection(*geometry_, all);
  return inside.empty() ? all : inside;
}

void XdgSurface::tree_committed() {
  auto const self = shared_from_this();
  auto const surface = surface_.lock();
  if (!surface || kind_ == nullptr) return;
  if (pending_geometry_) geometry_ = std::exchange(pending_geometry_, std::nullopt);
  kind_->state_applied();
  FrameCallbacks callbacks;
  surface->take_callbacks(callbacks);
  pacer_.committed(std::move(callbacks));
  if (!surface->has_content()) {
    if (window_->mapped()) {
      hide();
    } else if (!initial_commit_done_) {
      initial_commit_done_ = true;
      configure();
    }
  } else if (!acked_) {
    wl_resource_post_error(resource_, XDG_SURFACE_ERROR_UNCONFIGURED_BUFFER, "a buffer before the first configure was acknowledged");
    return;
  } else {
    show(*surface);
  }
  if (!window_) return;
  if (window_->visible() && !window_->update_pending()) pacer_.nothing_to_show();
  pacer_.run();
}

void XdgSurface::show(Surface& surface) {
  bool const first = !window_->mapped();
  if (first && !kind_->about_to_map()) return;
  Rect const geometry = window_geometry();
  Damage damage;
  damage.add(surface.take_damage(), {-geometry.x, -geometry.y});
  if (geometry != shown_geometry_) damage.add({0, 0, geometry.width, geometry.height});
  shown_geometry_ = geometry;
  damage.clip({0, 0, geometry.width, geometry.height});
  // The echo goes first: it frees the desktop for its next wish, and what follows is the content in the new size.
  if (desktop_serial_ && acked_serial_ >= *desktop_serial_) {
    desktop_serial_.reset();
    window_->content_changed_for_desktop({geometry.width, geometry.height}, damage);
  } else {
    window_->content_changed({geometry.width, geometry.height}, damage);
  }
  if (first) context_.output->send_enter(surface);
}

void XdgSurface::hide() {
  if (!window_) return;
  window_->hide();
  initial_commit_done_ = false;
  acked_ = false;
  desktop_serial_.reset();
  if (auto const surface = surface_.lock()) surface->release_buffer();
  if (kind_ != nullptr) kind_->unmapped();
}

void XdgSurface::surface_gone() { hide(); }

bool XdgSurface::read_back(Image const& into) {
  // The shadow begins at the surface's (0,0); the slice at the geometry's.
  return window_ && window_->read_back(into, {shown_geometry_.x, shown_geometry_.y});
}

void XdgSurface::resize_requested(Size size) {
  if (kind_ != nullptr) kind_->resize_requested(size);
}
void XdgSurface::close_requested() {
  if (kind_ != nullptr) kind_->close_requested();
}
void XdgSurface::flags_changed(std::uint32_t set, std::uint32_t unset) {
  if (kind_ != nullptr) kind_->flags_changed(set, unset);
}
void XdgSurface::focus_changed(bool focused) {
  if (kind_ != nullptr) kind_->focus_changed(focused);
}

bool XdgSurface::draw(Image const& target, Rect const& area) {
  auto const surface = surface_.lock();
  return surface && surface->draw_tree(target, {-shown_geometry_.x, -shown_geometry_.y}, area);
}

void XdgSurface::update_sent() {
  if (auto const surface = surface_.lock()) surface->release_buffer();
  if (window_ && window_->visible()) pacer_.update_sent();
}

void XdgSurface::update_shown() {
  pacer_.update_shown();
  pacer_.run();
}

std::shared_ptr<Surface> XdgSurface::input_surface(Point& origin) {
  origin = {shown_geometry_.x, shown_geometry_.y};
  return surface_.lock();
}

}  // namespace bh::gui_agent
