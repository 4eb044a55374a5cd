// Keyboard: the wl_keyboards of all clients, which surface has them, and which keys are down.
#pragma once

#include <optional>
#include <vector>

#include "base/unique_fd.h"
#include "gui-daemon/agent/core/keymap.h"
#include "gui-daemon/agent/wayland/resource_list.h"
#include "gui-daemon/agent/wayland/surface.h"
#include "gui-daemon/protocol/to_agent.h"

namespace bh::gui_agent {

class Keyboard {
 public:
  // Fails if the keymap's file cannot be made.
  static Result<Keyboard> create(wl_display* display, Keymap keymap);

  void add(NewResource const& wanted);
  Result<void> change_keymap(Keymap keymap);
  // nullptr: nobody.
  void set_focus(std::shared_ptr<Surface> const& surface);
  [[nodiscard]] wl_client* focus_client() const;
  void key(gui::to_agent::Key const& event);
  // The modifiers that every X event carries.
  void state(std::uint32_t x_state);
  // Keys that are up on the host's keyboard are let go.
  void keymap_state(gui::to_agent::KeymapNotify const& pressed);
  // No key is down any more, without telling: the focus is gone.
  void forget_keys() { pressed_.clear(); }

 private:
  Keyboard(wl_display* display, Keymap keymap, UniqueFd file)
      : display_(display), keymap_(std::move(keymap)), file_(std::move(file)) {}
  void send_keymap(wl_resource* keyboard) const;
  void send_enter(wl_resource* keyboard, Surface const& surface) const;
  void send_modifiers();
  void send_key(std::uint32_t code, bool pressed);
  void set_modifiers(Modifiers const& modifiers);

  wl_display* display_;
  Keymap keymap_;
  UniqueFd file_;  // read-only: clients share it
  ResourceList resources_;
  std::weak_ptr<Surface> focus_;
  std::vector<std::uint32_t> pressed_;  // X key codes
  Modifiers modifiers_;
};

}  // namespace bh::gui_agent
