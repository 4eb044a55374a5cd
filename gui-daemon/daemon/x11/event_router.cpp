#include "gui-daemon/daemon/x11/event_router.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace bh::gui::x11 {
namespace {

template <class T>
T const& as(xcb_generic_event_t const& event) {
  return reinterpret_cast<T const&>(event);
}

}  // namespace

void EventRouter::run() {
  Reply<xcb_generic_event_t> event(xcb_poll_for_event(connection_.raw()));
  while (event) {
    for (; event; event.reset(xcb_poll_for_event(connection_.raw()))) handle(*event);
    // Writing may read: what came in meanwhile would not wake poll().
    xcb_flush(connection_.raw());
    event.reset(xcb_poll_for_queued_event(connection_.raw()));
  }
  xcb_flush(connection_.raw());
}

void EventRouter::handle(xcb_generic_event_t const& event) {
  std::uint8_t const type = event.response_type & 0x7F;
  if (type != XCB_KEYMAP_NOTIFY) copies_done(event.full_sequence);
  switch (type) {
    case 0: return log_error(as<xcb_generic_error_t>(event));
    case XCB_EXPOSE: return expose(as<xcb_expose_event_t>(event));
    case XCB_CONFIGURE_NOTIFY: return configure(as<xcb_configure_notify_event_t>(event));
    case XCB_DESTROY_NOTIFY: return destroyed(as<xcb_destroy_notify_event_t>(event).window);
    case XCB_REPARENT_NOTIFY: return reparent(as<xcb_reparent_notify_event_t>(event));
    case XCB_PROPERTY_NOTIFY: return property(as<xcb_property_notify_event_t>(event));
    case XCB_CLIENT_MESSAGE: return client_message(as<xcb_client_message_event_t>(event));
    case XCB_FOCUS_IN: return focus(as<xcb_focus_in_event_t>(event), true);
    case XCB_FOCUS_OUT: return focus(as<xcb_focus_in_event_t>(event), false);
    case XCB_KEY_PRESS: return key(as<xcb_key_press_event_t>(event), true);
    case XCB_KEY_RELEASE: return key(as<xcb_key_press_event_t>(event), false);
    case XCB_BUTTON_PRESS: return button(as<xcb_button_press_event_t>(event), true);
    case XCB_BUTTON_RELEASE: return button(as<xcb_button_press_event_t>(event), false);
    case XCB_MOTION_NOTIFY: return motion(as<xcb_motion_notify_event_t>(event));
    case XCB_ENTER_NOTIFY: return crossing(as<xcb_enter_notify_event_t>(event), true);
    case XCB_LEAVE_NOTIFY: return crossing(as<xcb_enter_notify_event_t>(event), false);
    default: return;
  }
}

void EventRouter::copies_done(std::uint32_t sequence) {
  while (auto const window = screen_.next_painted(sequence)) model_.painted(*window);
}

void EventRouter::log_error(xcb_generic_error_t const& error) {
  // Expected now and then: a window that the window manager destroyed or moved at the same moment. Limited, a guest may cause many.
  if (++errors_logged_ > 50) return;
  log::warning("X error " + std::to_string(error.error_code) + " for request " + std::to_string(error.major_code) + "." +
               std::to_string(error.minor_code) + (errors_logged_ == 50 ? " (further ones are not logged)" : ""));
}

void EventRouter::expose(xcb_expose_event_t const& event) {
  if (auto const* const window = screen_.find_by_content(event.window)) {
    std::uint32_t const offset = window->content_offset();
    model_.exposed(window->id(), {event.x + offset, event.y + offset, event.width, event.height});
  } else if (auto* const framed = screen_.find_by_frame(event.window); framed != nullptr && event.count == 0) {
    framed->paint();
  }
}

void EventRouter::configure(xcb_configure_notify_event_t const& event) {
  if (event.window == connection_.root()) {
    screen_.refresh_work_area();
    return model_.work_area_changed();
  }
  GuestWindow* const window = screen_.find_by_frame(event.window);
  if (window == nullptr) return;
  Extent const extent = Extent::of(event.width, event.height);
  window->resized(extent);
  // Synthetic events carry root coordinates, real ones the parent's.
  bool const synthetic = (event.response_type & 0x80) != 0;
  if (synthetic || window->parent_is_root) {
    model_.local_geometry(window->id(), window->geometry_of(event.x, event.y, extent));
  } else {
    report_geometry(*window);
  }
}

void EventRouter::destroyed(xcb_window_t window) {
  // Ours are forgotten before we destroy them, so this one was destroyed by somebody else; without its content F is of no use either.
  GuestWindow const* lost = screen_.find_by_frame(window);
  if (lost == nullptr) lost = screen_.find_by_content(window);
  if (lost != nullptr) model_.frame_destroyed(lost->id());
}

void EventRouter::reparent(xcb_reparent_notify_event_t const& event) {
  if (GuestWindow* const window = screen_.find_by_frame(event.window)) {
    window->parent_is_root = event.parent == connection_.root();
    // Not earlier: a window manager that is still starting loses the request to map.
    if (!window->parent_is_root && std::exchange(window->shown_unmanaged, false)) window->offer_to_manager();
    report_geometry(*window);
  }
}

void EventRouter::report_geometry(GuestWindow& window) {
  Reply<xcb_translate_coordinates_reply_t> const at(xcb_translate_coordinates_reply(
      connection_.raw(), xcb_translate_coordinates(connection_.raw(), window.frame(), connection_.root(), 0, 0), nullptr));
  if (at) model_.local_geometry(window.id(), window.geometry_of(at->dst_x, at->dst_y, window.frame_extent()));
}

void EventRouter::property(xcb_property_notify_event_t const& event) {
  Atoms const& atoms = connection_.atoms();
  if (event.window == connection_.root()) {
    if (event.atom == atoms.xkb_rules_names && on_keymap_names) on_keymap_names();
    if (event.atom != atoms.net_workarea && event.atom != atoms.net_current_desktop) return;
    screen_.refresh_work_area();
    return model_.work_area_changed();
  }
  GuestWindow const* const window = screen_.find_by_frame(event.window);
  if (window == nullptr || event.atom != atoms.net_wm_state) return;
  auto const states = connection_.property32(window->frame(), atoms.net_wm_state, 64);
  auto const has = [&](xcb_atom_t state) { return std::ranges::find(states, state) != states.end(); };
  bool const maximised = has(atoms.net_wm_state_max_h) && has(atoms.net_wm_state_max_v);
  std::uint32_t flags = 0;
  // Told that it is full screen, a browser goes on; its frame says otherwise to the user.
  if (has(atoms.net_wm_state_fullscreen) || (maximised && window->wants_fullscreen)) flags |= kFlagFullscreen;
  if (has(atoms.net_wm_state_attention)) flags |= kFlagDemandsAttention;
  if (has(atoms.net_wm_state_hidden)) flags |= kFlagMinimize;
  model_.local_flags(window->id(), flags);
}

void EventRouter::client_message(xcb_client_message_event_t const& event) {
  Atoms const& atoms = connection_.atoms();
  GuestWindow const* const window = screen_.find_by_frame(event.window);
  if (window == nullptr || event.type != atoms.wm_protocols || event.format != 32) return;
  if (event.data.data32[0] == atoms.wm_delete_window) return model_.close_requested(window->id());
  if (event.data.data32[0] == atoms.net_wm_ping) {
    auto const& d = event.data.data32;
    connection_.tell_window_manager(connection_.root(), atoms.wm_protocols, {d[0], d[1], d[2], d[3], d[4]});
  }
}

void EventRouter::focus(xcb_focus_in_event_t const& event, bool gained) {
  GuestWindow* const window = screen_.find_by_frame(event.event);
  if (window == nullptr) {
    // A frame that we have destroyed: its guest window is hidden or gone, and with it the keys that were pressed in it.
    auto const focused = keyboard_.focused();
    if (!gained && focused && screen_.find(*focused) == nullptr) keyboard_.focus_lost(*focused, event.detail);
    return;
  }
  // Grabs come and go without the guest knowing; but keys end there, so the pressed ones are released.
  bool const real = event.mode == XCB_NOTIFY_MODE_NORMAL || event.mode == XCB_NOTIFY_MODE_WHILE_GRABBED;
  if (!real) {
    if (event.mode == XCB_NOTIFY_MODE_GRAB && !gained) keyboard_.release_all();
    return;
  }
  // Not ours: the focus follows the pointer or moves between us and our child.
  if (event.detail >= XCB_NOTIFY_DETAIL_POINTER || event.detail == XCB_NOTIFY_DETAIL_INFERIOR) return;
  window->set_focused(gained);
  if (gained) {
    keyboard_.focus_gained(window->id(), event.detail, connection_.held_keys());
  } else {
    keyboard_.focus_lost(window->id(), event.detail);
  }
}

}  // namespace bh::gui::x11
