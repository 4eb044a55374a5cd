// Keymap: what the guest's programs are told about the keyboard of the desktop, and which modifiers follow from an X11 event.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

struct xkb_context;
struct xkb_keymap;

namespace bh::gui_agent {

struct KeymapNames {
  std::string layout = "us";
  std::string variant;
  std::string options;
  friend bool operator==(KeymapNames const&, KeymapNames const&) = default;
};

// "layout+variant+options", as in KEYBOARD_LAYOUT. Only characters that occur in xkb names are let through; others end the parse.
[[nodiscard]] Result<KeymapNames> parse_keyboard_layout(std::string_view text);
// True if the three names hold only [A-Za-z0-9_,.:()+-] and are short. GUARD: xkb include paths built from a foreign string.
[[nodiscard]] bool sane(KeymapNames const& names);

// As wl_keyboard.modifiers carries them.
struct Modifiers {
  std::uint32_t depressed = 0;
  std::uint32_t latched = 0;
  std::uint32_t locked = 0;
  std::uint32_t group = 0;
  friend bool operator==(Modifiers const&, Modifiers const&) = default;
};

// An X key code: evdev code + 8.
struct KeyCode {
  std::uint32_t value = 0;
};

class Keymap {
 public:
  static Result<Keymap> compile(KeymapNames const& names);

  // The text that wl_keyboard.keymap carries, without a final NUL.
  [[nodiscard]] std::string const& text() const { return text_; }

  // From the `state` field of an X event: bits 0-7 are the real modifiers, 13-14 the group.
  [[nodiscard]] Modifiers from_x_state(std::uint32_t state) const;
  // An X event carries the state before it happened; this is the state after.
  [[nodiscard]] Modifiers after_press(Modifiers before, KeyCode key) const;
  // `held`: keys that are still down, without `key`.
  [[nodiscard]] Modifiers after_release(Modifiers before, KeyCode key, std::vector<std::uint32_t> const& held) const;

 private:
  struct Free {
    void operator()(xkb_context* context) const;
    void operator()(xkb_keymap* keymap) const;
  };
  Keymap() = default;
  [[nodiscard]] std::uint32_t modifiers_of(KeyCode key) const;

  std::unique_ptr<xkb_context, Free> context_;
  std::unique_ptr<xkb_keymap, Free> keymap_;
  std::string text_;
};

}  // namespace bh::gui_agent
