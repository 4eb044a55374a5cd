// EventRouter: what the X server says -> what the model, the keyboard and the agent are told.
#pragma once

#include <functional>

#include "gui-daemon/daemon/core/window_model.h"
#include "gui-daemon/daemon/x11/x11_screen.h"

namespace bh::gui::x11 {

class EventRouter {
 public:
  EventRouter(Connection& connection, X11Screen& screen, WindowModel& model, Keyboard& keyboard, AgentLink& agent)
      : connection_(connection), screen_(screen), model_(model), keyboard_(keyboard), agent_(agent) {}

  // Handles all that has arrived, then sends what has been asked for meanwhile. Never waits.
  void run();
  // Called when the names of the host's keymap have changed.
  std::function<void()> on_keymap_names;

 private:
  void handle(xcb_generic_event_t const& event);
  void copies_done(std::uint32_t sequence);
  void log_error(xcb_generic_error_t const& error);
  void expose(xcb_expose_event_t const& event);
  void configure(xcb_configure_notify_event_t const& event);
  void destroyed(xcb_window_t window);
  void reparent(xcb_reparent_notify_event_t const& event);
  void report_geometry(GuestWindow& window);
  void property(xcb_property_notify_event_t const& event);
  void client_message(xcb_client_message_event_t const& event);
  void focus(xcb_focus_in_event_t const& event, bool gained);
  void key(xcb_key_press_event_t const& event, bool pressed);
  void button(xcb_button_press_event_t const& event, bool pressed);
  void frame_button(GuestWindow& window, xcb_button_press_event_t const& event, bool pressed);
  void press_title(GuestWindow& window, FrameSpot const& spot, xcb_button_press_event_t const& event);
  void drag(GuestWindow const& window, xcb_motion_notify_event_t const& event);
  void ask_move_resize(GuestWindow const& window, std::uint32_t direction);
  void click(GuestWindow& window, TitleButton button);
  void motion(xcb_motion_notify_event_t const& event);
  void crossing(xcb_enter_notify_event_t const& event, bool entered);

  Connection& connection_;
  X11Screen& screen_;
  WindowModel& model_;
  Keyboard& keyboard_;
  AgentLink& agent_;

  struct Armed {
    WindowId window;
    TitleButton button;
  };
  std::optional<Armed> armed_;  // a title button was pressed and not yet released
  struct Drag {
    WindowId window;
    std::int32_t root_x;  // where it began
    std::int32_t root_y;
    std::uint32_t direction;
    bool handed_over = false;  // to the window manager
  };
  std::optional<Drag> drag_;
  struct Click {
    WindowId window;
    xcb_timestamp_t time;
  };
  std::optional<Click> last_title_click_;
  unsigned errors_logged_ = 0;
};

}  // namespace bh::gui::x11
