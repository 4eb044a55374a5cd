// GuestWindow: one window as the daemon knows it: announced, mapped, its slice of window memory, and at most one update in flight.
// It knows nothing of Wayland; the shell surface behind it draws and answers through WindowEvents.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gui-daemon/agent/core/damage.h"
#include "gui-daemon/agent/window/display_link.h"
#include "gui-daemon/agent/window/window_memory.h"
#include "gui-daemon/protocol/to_agent.h"

namespace bh::gui_agent {

class Desktop;
class Surface;

class WindowEvents {
 public:
  virtual ~WindowEvents() = default;
  // The desktop gave the window this size; answered by GuestWindow::content_changed_for_desktop().
  virtual void resize_requested(Size size) = 0;
  virtual void close_requested() = 0;
  virtual void flags_changed(std::uint32_t set, std::uint32_t unset) = 0;
  virtual void focus_changed(bool focused) = 0;
  // Draws `area` of the content. False: its pixels are gone.
  virtual bool draw(Image const& target, Rect const& area) = 0;
  // What was drawn has been handed to the display; the client's buffer is free.
  virtual void update_sent() = 0;
  // It is on the screen.
  virtual void update_shown() = 0;
  // What takes input, and where the window's (0,0) lies in it.
  virtual std::shared_ptr<Surface> input_surface(Point& origin) = 0;
};

class GuestWindow {
 public:
  // `desktop` and `events` outlive the window.
  GuestWindow(Desktop& desktop, WindowEvents& events, bool override_redirect);
  ~GuestWindow();
  GuestWindow(GuestWindow const&) = delete;
  GuestWindow& operator=(GuestWindow const&) = delete;

  [[nodiscard]] gui::WindowId id() const { return id_; }
  [[nodiscard]] WindowEvents& events() const { return events_; }
  [[nodiscard]] bool mapped() const { return mapped_; }
  [[nodiscard]] Rect geometry() const { return geometry_; }
  // Mapped, not minimised, and there is a display.
  [[nodiscard]] bool visible() const;
  // An update_shown() is to come.
  [[nodiscard]] bool update_pending() const { return in_flight_ || !damage_.empty(); }
  // Wants more window memory than there was.
  [[nodiscard]] bool starved() const { return starved_; }

  void set_title(std::string title);
  void set_app_id(std::string app_id);
  void set_hints(gui::from_agent::WindowHints const& hints);
  void set_transient_for(gui::WindowId parent) { transient_for_ = parent; }
  void request_flags(std::uint32_t set, std::uint32_t unset);
  // Before the first content: where a popup goes. Afterwards: moves it.
  void move_to(Point position);

  // New content: maps the window the first time.
  void content_changed(Size size, Damage const& damage);
  // The same, and it is the client's answer to the last resize_requested(), whatever size it took.
  void content_changed_for_desktop(Size size, Damage const& damage);
  void hide();
  // The window's pixels as they stand in its slice. False: there are none.
  bool read_back(Image const& into, Point origin) const;
  // Sends what waits, if nothing is in flight.
  void flush();

  // From the desktop.
  void announce();
  void connection_lost();
  void handle(gui::to_agent::Message const& message);

 private:
  void send(gui::from_agent::Message const& message);
  void send_configure();
  void send_map();
  void configured(gui::to_agent::Configure const& wanted);
  [[nodiscard]] bool provide_slice();
  void drop_slice();

  Desktop& desktop_;
  WindowEvents& events_;
  gui::WindowId id_;
  bool override_redirect_;

  std::string title_;
  std::string app_id_;
  gui::from_agent::WindowHints hints_;
  gui::WindowId transient_for_;
  std::uint32_t flags_ = 0;

  bool announced_ = false;
  bool mapped_ = false;
  bool minimized_ = false;
  bool owes_configure_ = false;
  Rect geometry_;
  Size content_size_;

  std::optional<Slice> slice_;
  Size slice_size_;
  bool slice_fresh_ = false;  // holds nothing of ours yet
  bool dumped_ = false;    // in this connection
  bool in_flight_ = false;  // a SHMIMAGE waits for its FRAME_DONE
  bool starved_ = false;    // the log has the line already
  Damage damage_;
};

}  // namespace bh::gui_agent
