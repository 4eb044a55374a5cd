// Seat: wl_seat. Turns what the daemon says about keys, pointer and focus into events for the right client.
#pragma once

#include <memory>
#include <vector>

#include "gui-daemon/agent/wayland/data_device.h"
#include "gui-daemon/agent/wayland/keyboard.h"
#include "gui-daemon/agent/wayland/pointer.h"
#include "gui-daemon/agent/window/desktop.h"

namespace bh::gui_agent {

class XdgPopup;

class Seat : public InputSink {
 public:
  Seat(wl_display* display, Keyboard keyboard);

  // Popups that take the keyboard, and vanish when the user turns elsewhere. A nested one comes after its parent.
  void begin_grab(std::shared_ptr<XdgPopup> const& popup);
  void end_grab(XdgPopup const& popup);

  void key(GuestWindow& window, gui::to_agent::Key const& event) override;
  void button(GuestWindow& window, gui::to_agent::Button const& event) override;
  void motion(GuestWindow& window, gui::to_agent::Motion const& event) override;
  void crossing(GuestWindow& window, gui::to_agent::Crossing const& event) override;
  void focus(GuestWindow& window, bool gained) override;
  void keymap_state(gui::to_agent::KeymapNotify const& pressed) override { keyboard_.keymap_state(pressed); }
  void keymap_changed(gui::to_agent::KeymapNames const& names) override;
  void window_gone(GuestWindow& window) override;
  void connection_lost() override;

 private:
  static void bind(wl_client* client, void* self, std::uint32_t version, std::uint32_t id);
  static Seat& of(wl_resource* resource) { return *static_cast<Seat*>(wl_resource_get_user_data(resource)); }
  void move_pointer(GuestWindow& window, Point point);
  void dismiss_grabs();
  void update_keyboard_focus();

  Keyboard keyboard_;
  Pointer pointer_;
  DataDevices data_;
  GuestWindow* focused_ = nullptr;
  std::vector<std::weak_ptr<XdgPopup>> grabs_;
  Global global_;
};

}  // namespace bh::gui_agent
