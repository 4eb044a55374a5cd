#include "gui-daemon/daemon/core/keyboard.h"

namespace bh::gui {
namespace {

std::bitset<256> bits_of(KeyMap const& map) {
  std::bitset<256> bits;
  for (std::size_t key = 0; key < bits.size(); ++key) bits.set(key, ((map[key / 8] >> (key % 8)) & 1) != 0);
  return bits;
}

}  // namespace

void Keyboard::focus_gained(WindowId window, std::uint32_t detail, KeyMap const& held) {
  release_all();
  focused_ = window;
  held_elsewhere_ = bits_of(held);
  // Mode is always 0: the guest must not learn about the window manager's grabs.
  agent_.send(kNoWindow, to_agent::KeymapNotify{held});
  agent_.send(window, to_agent::Focus{true, 0, detail});
}

void Keyboard::resync(KeyMap const& held) {
  held_elsewhere_ &= bits_of(held);
  agent_.send(kNoWindow, to_agent::KeymapNotify{held});
}

void Keyboard::focus_lost(WindowId window, std::uint32_t detail) {
  release_all();
  if (focused_ != window) return;
  focused_.reset();
  agent_.send(window, to_agent::Focus{false, 0, detail});
}

void Keyboard::key(WindowId window, to_agent::Key const& key) {
  if (key.keycode >= pressed_.size()) return;
  if (!key.pressed) {
    held_elsewhere_.reset(key.keycode);
    if (!pressed_.test(key.keycode)) return;
    pressed_.reset(key.keycode);
    agent_.send(pressed_in_, key);
    return;
  }
  if (held_elsewhere_.test(key.keycode)) return;
  bool const repeat = pressed_.test(key.keycode);
  // A repeat belongs to the window that got the press.
  if (repeat && pressed_in_ != window) return;
  if (!repeat && pressed_in_ != window) release_all();
  pressed_in_ = window;
  pressed_.set(key.keycode);
  agent_.send(window, key);
}

void Keyboard::release_all() {
  for (std::uint32_t key = 0; key < pressed_.size(); ++key) {
    if (!pressed_.test(key)) continue;
    pressed_.reset(key);
    held_elsewhere_.set(key);
    agent_.send(pressed_in_, to_agent::Key{false, 0, 0, 0, key});
  }
}

void Keyboard::forget() {
  pressed_.reset();
  held_elsewhere_.reset();
  focused_.reset();
}

}  // namespace bh::gui
