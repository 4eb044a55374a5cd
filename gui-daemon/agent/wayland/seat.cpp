#include "gui-daemon/agent/wayland/seat.h"

#include <wayland-server-protocol.h>

#include <utility>

#include "base/log.h"
#include "gui-daemon/agent/wayland/xdg_popup.h"

namespace bh::gui_agent {

namespace to = gui::to_agent;

namespace {
// CROSSING and FOCUS of grabs carry other modes; only a pointer or focus that really moved counts.
constexpr std::uint32_t kNotifyNormal = 0;
}  // namespace

Seat::Seat(wl_display* display, Keyboard keyboard)
    : keyboard_(std::move(keyboard)),
      pointer_(display),
      data_(display),
      global_(wl_global_create(display, &wl_seat_interface, 7, this, bind)) {}

void Seat::bind(wl_client* client, void* self, std::uint32_t version, std::uint32_t id) {
  static struct wl_seat_interface const requests = {
      .get_pointer =
          [](wl_client* asking, wl_resource* seat, std::uint32_t new_id) {
            of(seat).pointer_.add({asking, &wl_pointer_interface, wl_resource_get_version(seat), new_id});
          },
      .get_keyboard =
          [](wl_client* asking, wl_resource* seat, std::uint32_t new_id) {
            of(seat).keyboard_.add({asking, &wl_keyboard_interface, wl_resource_get_version(seat), new_id});
          },
      .get_touch =
          [](wl_client*, wl_resource* seat, std::uint32_t) {
            wl_resource_post_error(seat, WL_SEAT_ERROR_MISSING_CAPABILITY, "this seat has no touch screen");
          },
      .release = destroy_request,
  };
  wl_resource* const resource = wl_resource_create(client, &wl_seat_interface, static_cast<int>(version), id);
  if (resource == nullptr) return wl_client_post_no_memory(client);
  wl_resource_set_implementation(resource, &requests, self, nullptr);
  if (version >= WL_SEAT_NAME_SINCE_VERSION) wl_seat_send_name(resource, "bulkhead");
  wl_seat_send_capabilities(resource, WL_SEAT_CAPABILITY_POINTER | WL_SEAT_CAPABILITY_KEYBOARD);
}

void Seat::begin_grab(std::shared_ptr<XdgPopup> const& popup) {
  grabs_.push_back(popup);
  update_keyboard_focus();
}

void Seat::end_grab(XdgPopup const& popup) {
  auto const ended = std::erase_if(grabs_, [&](auto const& grab) {
    auto const held = grab.lock();
    return !held || held.get() == &popup;
  });
  if (ended != 0) update_keyboard_focus();
}

void Seat::dismiss_grabs() {
  // The topmost first, as the protocol wants.
  auto const grabs = std::exchange(grabs_, {});
  for (auto grab = grabs.rbegin(); grab != grabs.rend(); ++grab) {
    if (auto const popup = grab->lock()) popup->dismiss();
  }
  if (!grabs.empty()) update_keyboard_focus();
}

void Seat::update_keyboard_focus() {
  std::shared_ptr<Surface> wanted;
  Point origin;
  if (focused_ != nullptr) wanted = focused_->events().input_surface(origin);
  auto const popup = grabs_.empty() ? nullptr : grabs_.back().lock();
  auto const base = popup ? popup->base() : nullptr;
  if (wanted && base && base->surface()) wanted = base->surface();
  wl_client* const client = wanted && wanted->resource() != nullptr ? wl_resource_get_client(wanted->resource()) : nullptr;
  // The clipboard's offer comes before the focus.
  if (client != data_.focus()) data_.focus_changed(client);
  keyboard_.set_focus(wanted);
}

void Seat::key(GuestWindow& window, to::Key const& event) {
  if (focused_ == nullptr) focus(window, true);
  keyboard_.key(event);
}

void Seat::move_pointer(GuestWindow& window, Point point) {
  Point origin;
  auto const root = window.events().input_surface(origin);
  if (!root) return;
  // Far outside is legal during a drag; clamped, so that sums stay in range.
  Rect const at = clamped_rect(point.x, point.y, 0, 0);
  pointer_.move(root, {at.x + origin.x, at.y + origin.y});
}

void Seat::button(GuestWindow& window, to::Button const& event) {
  keyboard_.state(event.state);
  move_pointer(window, {event.x, event.y});
  auto const popup = grabs_.empty() ? nullptr : grabs_.back().lock();
  if (popup && event.pressed && popup->resource() != nullptr &&
      wl_resource_get_client(popup->resource()) != pointer_.focus_client()) {
    dismiss_grabs();
  }
  pointer_.button(event.button, event.pressed);
}

void Seat::motion(GuestWindow& window, to::Motion const& event) {
  keyboard_.state(event.state);
  move_pointer(window, {event.x, event.y});
}

void Seat::crossing(GuestWindow& window, to::Crossing const& event) {
  if (event.mode != kNotifyNormal) return;
  if (!event.entered) return pointer_.leave();
  keyboard_.state(event.state);
  move_pointer(window, {event.x, event.y});
}

void Seat::focus(GuestWindow& window, bool gained) {
  if (gained == (focused_ == &window)) return;
  if (focused_ != nullptr && focused_ != &window && !gained) return;
  GuestWindow* const before = std::exchange(focused_, gained ? &window : nullptr);
  dismiss_grabs();
  update_keyboard_focus();
  // The daemon lets go of all keys when the focus leaves; one that it forgot must not stay down for the next window.
  if (!gained) keyboard_.forget_keys();
  if (before != nullptr && before != &window) before->events().focus_changed(false);
  window.events().focus_changed(gained);
}

void Seat::keymap_changed(to::KeymapNames const& names) {
  auto keymap = Keymap::compile({names.layout.empty() ? "us" : names.layout, names.variant, names.options});
  if (!keymap) return log::warning("the desktop's keymap is not used: " + keymap.error().message);
  if (auto const changed = keyboard_.change_keymap(*std::move(keymap)); !changed) log::warning(changed.error().message);
}

void Seat::window_gone(GuestWindow& window) {
  if (focused_ != &window) return;
  focused_ = nullptr;
  update_keyboard_focus();
  keyboard_.forget_keys();
}

void Seat::connection_lost() {
  pointer_.release_all();
  if (focused_ != nullptr) focus(*focused_, false);
}

}  // namespace bh::gui_agent
