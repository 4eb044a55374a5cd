// Keyboard: which keys a qube believes to be down. GUARD: repeats and releases are ours to decide: a key held when the focus goes is
// released in the guest at once, and a key held when it comes is not a press (R20). The host repeats keys, never the guest: a slow
// guest that repeats by its own clock doubles what was typed once.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>

#include "gui-daemon/daemon/core/screen.h"

namespace bh::gui {

using KeyMap = std::array<std::uint8_t, 32>;  // X QueryKeymap layout

class Keyboard {
 public:
  explicit Keyboard(AgentLink& agent) : agent_(agent) {}

  // `held`: the keys down at this moment, which were not pressed for this window.
  void focus_gained(WindowId window, std::uint32_t detail, KeyMap const& held);
  // Releases every pressed key, in the window that got the press.
  void focus_lost(WindowId window, std::uint32_t detail);
  // The pointer came back while no window has the focus: keys released elsewhere meanwhile are up.
  void resync(KeyMap const& held);
  // A key event as the display server reports it: repeats come as presses of a pressed key,
  // and go on as such.
  void key(WindowId window, to_agent::Key const& key);
  // The same as focus_lost without the FOCUS message: the pointer left (no window has the focus), or the window is gone.
  void release_all();
  // The connection ended: nobody is told.
  void forget();
  [[nodiscard]] std::optional<WindowId> focused() const { return focused_; }

 private:
  AgentLink& agent_;
  std::optional<WindowId> focused_;
  WindowId pressed_in_ = kNoWindow;
  std::bitset<256> pressed_;
  std::bitset<256> held_elsewhere_;
};

}  // namespace bh::gui
