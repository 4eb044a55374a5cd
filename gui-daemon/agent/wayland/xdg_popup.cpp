#include "gui-daemon/agent/wayland/xdg_popup.h"

#include <xdg-shell-server-protocol.h>

#include <utility>

#include "gui-daemon/agent/wayland/output.h"
#include "gui-daemon/agent/wayland/seat.h"

namespace bh::gui_agent {

namespace {

struct xdg_popup_interface const kRequests = {
    .destroy = destroy_request,
    .grab = [](wl_client*, wl_resource* resource, wl_resource*, std::uint32_t) { object_of<XdgPopup>(resource)->grab(); },
    .reposition =
        [](wl_client*, wl_resource* resource, wl_resource* positioner, std::uint32_t token) {
          object_of<XdgPopup>(resource)->reposition(positioner_of(positioner), token);
        },
};

}  // namespace

void XdgPopup::create(wl_client* client, std::uint32_t id, std::shared_ptr<XdgSurface> const& base,
                      std::shared_ptr<XdgSurface> const& parent, wl_resource* positioner) {
  if (!parent) {
    wl_resource_post_error(base->resource(), XDG_WM_BASE_ERROR_INVALID_POPUP_PARENT, "a popup needs an xdg_surface as its parent");
    return;
  }
  if (!positioner_of(positioner).complete()) {
    wl_resource_post_error(base->resource(), XDG_WM_BASE_ERROR_INVALID_POSITIONER, "size or anchor rectangle is missing");
    return;
  }
  auto const made = std::make_shared<XdgPopup>(base, parent, positioner_of(positioner));
  if (!base->construct(RoleKind::popup, *made)) return;
  NewResource const wanted{client, &xdg_popup_interface, wl_resource_get_version(base->resource()), id};
  made->resource_ = make_resource(wanted, &kRequests, made);
  if (made->resource_ == nullptr) return base->destruct();
  made->place();
}

void XdgPopup::resource_gone(wl_resource*) {
  resource_ = nullptr;
  auto const base = base_.lock();
  if (!base) return;
  base->context().seat->end_grab(*this);
  base->destruct();
}

void XdgPopup::place() {
  auto const parent = parent_.lock();
  auto const base = base_.lock();
  if (!parent || parent->window() == nullptr || !base) return;
  Rect const origin = parent->window()->geometry();
  Size const screen = base->context().output->size();
  place_ = place_popup(positioner_, Rect{0, 0, screen.width, screen.height}.moved(-origin.x, -origin.y));
}

void XdgPopup::grab() {
  auto const base = base_.lock();
  if (base && !dismissed_) base->context().seat->begin_grab(shared_from_this());
}

void XdgPopup::reposition(Positioner const& positioner, std::uint32_t token) {
  auto const base = base_.lock();
  if (!base || !positioner.complete()) return;
  positioner_ = positioner;
  place();
  reposition_token_ = token;
  base->configure();
  if (base->window() != nullptr && base->window()->mapped()) (void)about_to_map();
}

void XdgPopup::dismiss() {
  if (dismissed_) return;
  dismissed_ = true;
  auto const base = base_.lock();
  if (!base) return;
  base->context().seat->end_grab(*this);
  if (resource_ != nullptr) xdg_popup_send_popup_done(resource_);
  if (base->window() != nullptr) base->window()->hide();
}

void XdgPopup::send_configure() {
  if (resource_ == nullptr) return;
  if (reposition_token_) xdg_popup_send_repositioned(resource_, *std::exchange(reposition_token_, std::nullopt));
  xdg_popup_send_configure(resource_, place_.x, place_.y, place_.width, place_.height);
}

bool XdgPopup::about_to_map() {
  auto const parent = parent_.lock();
  auto const base = base_.lock();
  if (dismissed_ || !parent || parent->window() == nullptr || !base || base->window() == nullptr) return false;
  Rect const origin = parent->window()->geometry();
  base->window()->set_transient_for(parent->window()->id());
  base->window()->move_to({origin.x + place_.x, origin.y + place_.y});
  return true;
}

void XdgPopup::unmapped() {
  if (auto const base = base_.lock()) base->context().seat->end_grab(*this);
}

}  // namespace bh::gui_agent
