// Desktop: what a person at the screen sees and does: pixels, windows by the guest's number, keys and the pointer (XTEST).
#pragma once

#include <xcb/xcb.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gui-daemon/protocol/window_id.h"
#include "tests/tools/screenshot/image.h"

namespace bh::gui::test {

struct Seen {
  xcb_window_t window;
  std::int32_t x;  // of its top left corner on the screen
  std::int32_t y;
  std::uint32_t width;
  std::uint32_t height;
  bool viewable;
  bool override_redirect;
};

class Desktop {
 public:
  explicit Desktop(std::string display);
  [[nodiscard]] tools::Image look() const;
  // Frame windows that carry _QUBES_VMWINDOWID, wherever a window manager has put them.
  [[nodiscard]] std::vector<Seen> windows(std::optional<WindowId> id = std::nullopt) const;
  [[nodiscard]] std::string property(xcb_window_t window, std::string const& name) const;  // raw bytes
  [[nodiscard]] xcb_atom_t atom(std::string const& name) const;

  void move_pointer(std::int32_t x, std::int32_t y) const;
  void button(std::uint8_t number, bool press) const;
  void key(std::uint8_t keycode, bool press) const;
  void focus(xcb_window_t window) const;  // the root window: nobody of ours
  void configure(xcb_window_t window, std::uint16_t mask, std::vector<std::uint32_t> const& values) const;
  void send_delete(xcb_window_t window) const;
  // As xdotool windowclose does: nobody is asked.
  void destroy(xcb_window_t window) const;
  void set_root_text(std::string const& property, std::string const& value) const;

  [[nodiscard]] std::string const& display() const { return display_; }

 private:
  struct Disconnect {
    void operator()(xcb_connection_t* connection) const { xcb_disconnect(connection); }
  };
  void collect(xcb_window_t window, std::optional<WindowId> id, std::vector<Seen>& into) const;
  void fake(std::uint8_t type, std::uint8_t detail, std::int32_t x, std::int32_t y) const;
  std::string display_;
  std::unique_ptr<xcb_connection_t, Disconnect> connection_;
  xcb_window_t root_;
};

// Asks again until it is true or a generous time has passed.
[[nodiscard]] bool eventually(std::function<bool()> const& condition);

}  // namespace bh::gui::test
