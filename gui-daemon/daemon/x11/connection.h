// Connection: our connection to the user's X server with what every window needs: screen, atoms, extensions checked at the start.
#pragma once

#include <poll.h>
#include <xcb/xcb.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gui-daemon/daemon/core/keyboard.h"
#include "gui-daemon/daemon/core/placement.h"
#include "gui-daemon/daemon/x11/atoms.h"
#include "gui-daemon/daemon/x11/reply.h"

namespace bh::gui::x11 {

class Connection {
 public:
  // To $DISPLAY. Fails with words if there is no server, or it has no 24 bit TrueColor, MIT-SHM 1.2 or XKB.
  static Result<Connection> open();

  [[nodiscard]] xcb_connection_t* raw() const { return connection_.get(); }
  [[nodiscard]] xcb_screen_t const& screen() const { return *screen_; }
  [[nodiscard]] xcb_window_t root() const { return screen_->root; }
  [[nodiscard]] xcb_visualtype_t* visual() const { return visual_; }
  [[nodiscard]] Atoms const& atoms() const { return atoms_; }
  [[nodiscard]] std::uint8_t shm_completion_event() const { return shm_first_event_; }
  [[nodiscard]] bool broken() const { return xcb_connection_has_error(raw()) != 0; }
  [[nodiscard]] pollfd poll_entry() const { return {xcb_get_file_descriptor(raw()), POLLIN, 0}; }

  // 32 bit items of a property; empty if absent, of another format, or longer than `max_items`.
  [[nodiscard]] std::vector<std::uint32_t> property32(xcb_window_t window, xcb_atom_t property, std::uint32_t max_items) const;
  [[nodiscard]] std::string property_text(xcb_window_t window, xcb_atom_t property, std::uint32_t max_bytes) const;

  // Of the screen as it is now.
  [[nodiscard]] Extent root_extent() const;
  [[nodiscard]] WorkArea work_area() const;
  [[nodiscard]] bool has_window_manager() const;
  [[nodiscard]] KeyMap held_keys() const;
  // From _XKB_RULES_NAMES; nullopt: no such property, or not fit for the wire.
  [[nodiscard]] std::optional<to_agent::KeymapNames> keymap_names() const;
  // A message to the root window, as the window manager wants its requests.
  void tell_window_manager(xcb_window_t window, xcb_atom_t type, std::array<std::uint32_t, 5> const& data) const;

 private:
  struct Disconnect {
    void operator()(xcb_connection_t* connection) const { xcb_disconnect(connection); }
  };
  Connection() = default;
  Result<void> find_screen(int number);
  Result<void> check_extensions();

  std::unique_ptr<xcb_connection_t, Disconnect> connection_;
  xcb_screen_t* screen_ = nullptr;
  xcb_visualtype_t* visual_ = nullptr;
  Atoms atoms_{};
  std::uint8_t shm_first_event_ = 0;
};

}  // namespace bh::gui::x11
