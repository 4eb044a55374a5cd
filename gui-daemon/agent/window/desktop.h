// Desktop: all windows of the qube, and what the daemon says to them. One a process.
#pragma once

#include <functional>
#include <map>

#include "gui-daemon/agent/window/guest_window.h"
#include "gui-daemon/protocol/limits.h"

namespace bh::gui_agent {

// Where pointer and keyboard events go; the seat implements it.
class InputSink {
 public:
  virtual ~InputSink() = default;
  virtual void key(GuestWindow& window, gui::to_agent::Key const& event) = 0;
  virtual void button(GuestWindow& window, gui::to_agent::Button const& event) = 0;
  virtual void motion(GuestWindow& window, gui::to_agent::Motion const& event) = 0;
  virtual void crossing(GuestWindow& window, gui::to_agent::Crossing const& event) = 0;
  virtual void focus(GuestWindow& window, bool gained) = 0;
  virtual void keymap_state(gui::to_agent::KeymapNotify const& pressed) = 0;
  virtual void keymap_changed(gui::to_agent::KeymapNames const& names) = 0;
  virtual void window_gone(GuestWindow& window) = 0;
  virtual void connection_lost() = 0;
};

class Desktop {
 public:
  // Below the daemon's limit, so that its other rules are never met half way.
  static constexpr std::size_t kMaxWindows = gui::kMaxWindows - 50;

  Desktop(DisplayLink& link, WindowMemory memory) : link_(link), memory_(std::move(memory)) {}

  // Before the first window.
  void set_input(InputSink& input) { input_ = &input; }
  // Called with the number of windows that have content, when one more has while no daemon is there to show it.
  void on_unseen_window(std::function<void(std::size_t)> told) { unseen_window_ = std::move(told); }

  [[nodiscard]] DisplayLink& link() { return link_; }
  [[nodiscard]] WindowMemory& memory() { return memory_; }
  [[nodiscard]] bool full() const { return windows_.size() >= kMaxWindows; }
  // A connection stands: everything is announced as if new.
  void connected();
  void connection_lost();
  void handle(gui::WindowId window, gui::to_agent::Message const& message);

  // By GuestWindow.
  gui::WindowId add(GuestWindow& window);
  void remove(GuestWindow& window);
  void mapped();
  // Windows that got no memory may try again.
  void memory_freed();

 private:
  void handle_input(GuestWindow& window, gui::to_agent::Message const& message);
  DisplayLink& link_;
  WindowMemory memory_;
  InputSink* input_ = nullptr;
  std::function<void(std::size_t)> unseen_window_;
  std::map<gui::WindowId, GuestWindow*> windows_;
  std::uint32_t next_id_ = 1;
  bool freeing_ = false;
};

}  // namespace bh::gui_agent
