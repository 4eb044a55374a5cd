// EventRouter, the half about keys, buttons and the pointer.
#include <cstdlib>

#include "gui-daemon/daemon/x11/event_router.h"

namespace bh::gui::x11 {
namespace {

constexpr xcb_timestamp_t kDoubleClick = 400;      // ms
constexpr std::uint32_t kMove = 8, kCancel = 11;   // _NET_WM_MOVERESIZE
constexpr std::uint32_t kToggle = 2;               // _NET_WM_STATE
constexpr std::int32_t kDragStart = 4;             // pixels: less is a click with an unsteady hand
constexpr std::uint32_t kFromApplication = 1;

}  // namespace

void EventRouter::key(xcb_key_press_event_t const& event, bool pressed) {
  GuestWindow const* const window = screen_.find_by_frame(event.event);
  if (window == nullptr) return;
  FrameInsets const origin = window->content_origin();
  std::int32_t const offset = static_cast<std::int32_t>(window->content_offset());
  keyboard_.key(window->id(), {pressed, event.event_x - static_cast<std::int32_t>(origin.left) + offset,
                               event.event_y - static_cast<std::int32_t>(origin.top) + offset, event.state, event.detail});
}

void EventRouter::button(xcb_button_press_event_t const& event, bool pressed) {
  if (GuestWindow* const framed = screen_.find_by_frame(event.event)) return frame_button(*framed, event, pressed);
  GuestWindow const* const window = screen_.find_by_content(event.event);
  if (window == nullptr) return;
  // Without a window manager nobody else would give the keyboard to the window that was clicked.
  if (pressed && window->kind() == FrameKind::titled && !connection_.has_window_manager()) {
    xcb_set_input_focus(connection_.raw(), XCB_INPUT_FOCUS_PARENT, window->frame(), event.time);
  }
  std::int32_t const offset = static_cast<std::int32_t>(window->content_offset());
  agent_.send(window->id(), to_agent::Button{pressed, event.event_x + offset, event.event_y + offset, event.state, event.detail});
}

void EventRouter::frame_button(GuestWindow& window, xcb_button_press_event_t const& event, bool pressed) {
  if (event.detail != XCB_BUTTON_INDEX_1 || window.kind() == FrameKind::popup) return;
  FrameSpot const spot = spot_at(window.frame_extent(), event.event_x, event.event_y);
  if (pressed) return press_title(window, spot, event);
  // Released before the window manager took over: it would move the window for ever.
  if (drag_ && drag_->handed_over) ask_move_resize(window, kCancel);
  drag_.reset();
  auto const armed = std::exchange(armed_, std::nullopt);
  if (armed && armed->window == window.id() && spot.kind == FrameSpot::Kind::button && spot.button == armed->button) click(window, spot.button);
}

void EventRouter::press_title(GuestWindow& window, FrameSpot const& spot, xcb_button_press_event_t const& event) {
  if (spot.kind == FrameSpot::Kind::button) {
    armed_ = Armed{window.id(), spot.button};
    return;
  }
  bool const twice = last_title_click_ && last_title_click_->window == window.id() && event.time - last_title_click_->time <= kDoubleClick;
  last_title_click_ = Click{window.id(), event.time};
  if (twice && spot.kind == FrameSpot::Kind::title) {
    last_title_click_.reset();
    return screen_.set_maximised(window, kToggle);
  }
  drag_ = Drag{window.id(), event.root_x, event.root_y, spot.kind == FrameSpot::Kind::edge ? spot.edge : kMove};
}

void EventRouter::drag(GuestWindow const& window, xcb_motion_notify_event_t const& event) {
  if (!drag_ || drag_->handed_over || drag_->window != window.id()) return;
  if (std::abs(event.root_x - drag_->root_x) < kDragStart && std::abs(event.root_y - drag_->root_y) < kDragStart) return;
  // The window manager moves and resizes; the press has grabbed the pointer for us, which it needs for that.
  xcb_ungrab_pointer(connection_.raw(), event.time);
  drag_->handed_over = true;
  ask_move_resize(window, drag_->direction);
}

void EventRouter::ask_move_resize(GuestWindow const& window, std::uint32_t direction) {
  connection_.tell_window_manager(window.frame(), connection_.atoms().net_wm_moveresize,
                                  {static_cast<std::uint32_t>(drag_->root_x), static_cast<std::uint32_t>(drag_->root_y), direction,
                                   XCB_BUTTON_INDEX_1, kFromApplication});
}

void EventRouter::click(GuestWindow& window, TitleButton button) {
  switch (button) {
    case TitleButton::close: return model_.close_requested(window.id());
    case TitleButton::maximise: return screen_.set_maximised(window, kToggle);
    case TitleButton::minimise: return connection_.tell_window_manager(window.frame(), connection_.atoms().wm_change_state, {3, 0, 0, 0, 0});
  }
}

void EventRouter::motion(xcb_motion_notify_event_t const& event) {
  if (GuestWindow* const framed = screen_.find_by_frame(event.event)) {
    if (framed->kind() == FrameKind::popup) return;
    drag(*framed, event);
    FrameSpot const spot = spot_at(framed->frame_extent(), event.event_x, event.event_y);
    framed->hover(spot.kind == FrameSpot::Kind::button ? std::optional(spot.button) : std::nullopt);
    xcb_cursor_t const cursor = spot.kind == FrameSpot::Kind::edge ? screen_.cursors().edge(spot.edge) : screen_.cursors().glyph(kArrowGlyph);
    xcb_change_window_attributes(connection_.raw(), framed->frame(), XCB_CW_CURSOR, &cursor);
    return;
  }
  GuestWindow const* const window = screen_.find_by_content(event.event);
  if (window == nullptr) return;
  std::int32_t const offset = static_cast<std::int32_t>(window->content_offset());
  agent_.send(window->id(), to_agent::Motion{event.event_x + offset, event.event_y + offset, event.state, 0});
}

void EventRouter::crossing(xcb_enter_notify_event_t const& event, bool entered) {
  if (GuestWindow* const framed = screen_.find_by_frame(event.event)) {
    if (!entered) framed->hover(std::nullopt);
    return;
  }
  GuestWindow const* const window = screen_.find_by_content(event.event);
  if (window == nullptr) return;
  bool const normal = event.mode == XCB_NOTIFY_MODE_NORMAL;
  if (!keyboard_.focused() && normal) {
    // The focus follows the pointer here (no window manager): a key held while it leaves would stay down in the guest.
    entered ? keyboard_.resync(connection_.held_keys()) : keyboard_.release_all();
  } else if (entered && normal) {
    agent_.send(kNoWindow, to_agent::KeymapNotify{connection_.held_keys()});
  }
  std::int32_t const offset = static_cast<std::int32_t>(window->content_offset());
  agent_.send(window->id(), to_agent::Crossing{entered, event.event_x + offset, event.event_y + offset, event.state, event.mode, event.detail,
                                               event.same_screen_focus & 1u});
}

}  // namespace bh::gui::x11
