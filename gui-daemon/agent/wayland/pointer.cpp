#include "gui-daemon/agent/wayland/pointer.h"

#include <linux/input-event-codes.h>
#include <wayland-server-protocol.h>

#include <utility>

#include "gui-daemon/agent/wayland/event_time.h"

namespace bh::gui_agent {

namespace {

void set_cursor(wl_client*, wl_resource* resource, std::uint32_t, wl_resource* surface_resource, std::int32_t, std::int32_t) {
  // Accepted, not yet shown: dom0 draws its own pointer.
  if (surface_resource == nullptr) return;
  if (!object_of<Surface>(surface_resource)->assign_role(RoleKind::cursor, {})) {
    wl_resource_post_error(resource, WL_POINTER_ERROR_ROLE, "the surface has another role");
  }
}

struct wl_pointer_interface const kRequests = {.set_cursor = set_cursor, .release = destroy_request};

std::uint32_t evdev_button(std::uint32_t x_button) {
  switch (x_button) {
    case 1: return BTN_LEFT;
    case 2: return BTN_MIDDLE;
    case 3: return BTN_RIGHT;
    case 8: return BTN_SIDE;
    case 9: return BTN_EXTRA;
    default: return x_button < 16 ? BTN_FORWARD + (x_button % 8) : 0;
  }
}

}  // namespace

void Pointer::send_frame(wl_resource* pointer) {
  if (wl_resource_get_version(pointer) >= WL_POINTER_FRAME_SINCE_VERSION) wl_pointer_send_frame(pointer);
}

wl_client* Pointer::focus_client() const {
  auto const focus = focus_.lock();
  return focus && focus->resource() != nullptr ? wl_resource_get_client(focus->resource()) : nullptr;
}

void Pointer::add(NewResource const& wanted) {
  wl_resource* const pointer = resources_.add(wanted, &kRequests);
  if (pointer == nullptr || focus_client() != wanted.client) return;
  wl_pointer_send_enter(pointer, wl_display_next_serial(display_), focus_.lock()->resource(), wl_fixed_from_int(local_.x),
                        wl_fixed_from_int(local_.y));
  send_frame(pointer);
}

void Pointer::focus(std::shared_ptr<Surface> const& surface, Point local) {
  auto const old = focus_.lock();
  if (old == surface) return;
  if (old && old->resource() != nullptr) {
    for (wl_resource* pointer : resources_.of(focus_client())) {
      wl_pointer_send_leave(pointer, wl_display_next_serial(display_), old->resource());
      send_frame(pointer);
    }
  }
  focus_ = surface;
  if (!surface || surface->resource() == nullptr) return;
  for (wl_resource* pointer : resources_.of(focus_client())) {
    wl_pointer_send_enter(pointer, wl_display_next_serial(display_), surface->resource(), wl_fixed_from_int(local.x),
                          wl_fixed_from_int(local.y));
    send_frame(pointer);
  }
}

void Pointer::move(std::shared_ptr<Surface> const& root, Point point) {
  if (down_.empty() || focus_.expired()) {
    Point local;
    auto const hit = root->surface_at(point, local);
    focus_origin_ = {point.x - local.x, point.y - local.y};
    bool const entered = focus_.lock() != hit;
    local_ = local;
    focus(hit, local);
    if (entered) return;
  }
  Point const local{point.x - focus_origin_.x, point.y - focus_origin_.y};
  local_ = local;
  for (wl_resource* pointer : resources_.of(focus_client())) {
    wl_pointer_send_motion(pointer, event_time(), wl_fixed_from_int(local.x), wl_fixed_from_int(local.y));
    send_frame(pointer);
  }
}

void Pointer::leave() {
  if (down_.empty()) focus(nullptr, {});
}

void Pointer::button(std::uint32_t x_button, bool pressed) {
  if (x_button >= 4 && x_button <= 7) {
    if (pressed) scroll(x_button);
    return;
  }
  std::uint32_t const code = evdev_button(x_button);
  if (code == 0 || pressed == down_.contains(code)) return;
  if (pressed) {
    down_.insert(code);
  } else {
    down_.erase(code);
  }
  std::uint32_t const state = pressed ? WL_POINTER_BUTTON_STATE_PRESSED : WL_POINTER_BUTTON_STATE_RELEASED;
  for (wl_resource* pointer : resources_.of(focus_client())) {
    wl_pointer_send_button(pointer, wl_display_next_serial(display_), event_time(), code, state);
    send_frame(pointer);
  }
}

void Pointer::scroll(std::uint32_t x_button) {
  // One notch, as other compositors count it.
  constexpr int kUnitsPerNotch = 15;
  bool const vertical = x_button <= 5;
  int const direction = x_button == 4 || x_button == 6 ? -1 : 1;
  std::uint32_t const axis = vertical ? WL_POINTER_AXIS_VERTICAL_SCROLL : WL_POINTER_AXIS_HORIZONTAL_SCROLL;
  for (wl_resource* pointer : resources_.of(focus_client())) {
    if (wl_resource_get_version(pointer) >= WL_POINTER_AXIS_SOURCE_SINCE_VERSION) {
      wl_pointer_send_axis_source(pointer, WL_POINTER_AXIS_SOURCE_WHEEL);
      wl_pointer_send_axis_discrete(pointer, axis, direction);
    }
    wl_pointer_send_axis(pointer, event_time(), axis, wl_fixed_from_int(direction * kUnitsPerNotch));
    send_frame(pointer);
  }
}

void Pointer::release_all() {
  for (std::uint32_t const code : std::exchange(down_, {})) {
    for (wl_resource* pointer : resources_.of(focus_client())) {
      wl_pointer_send_button(pointer, wl_display_next_serial(display_), event_time(), code, WL_POINTER_BUTTON_STATE_RELEASED);
      send_frame(pointer);
    }
  }
  focus(nullptr, {});
}

}  // namespace bh::gui_agent
