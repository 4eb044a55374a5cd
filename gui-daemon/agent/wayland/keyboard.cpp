#include "gui-daemon/agent/wayland/keyboard.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <wayland-server-protocol.h>

#include <algorithm>

#include "base/posix_io.h"
#include "gui-daemon/agent/wayland/event_time.h"

namespace bh::gui_agent {

namespace {

struct wl_keyboard_interface const kRequests = {.release = destroy_request};
constexpr std::uint32_t kEvdevOffset = 8;

// A descriptor that can only be read, so that one client cannot change the others' keymap.
Result<UniqueFd> keymap_file(std::string const& text) {
  UniqueFd writable(::memfd_create("bulkhead-keymap", MFD_CLOEXEC));
  if (!writable.open()) return Failure{Error::from_errno("make a file for the keymap")};
  // With the final NUL that the protocol wants.
  BH_CHECK(write_all(writable, ByteSpan(std::as_bytes(std::span(text.c_str(), text.size() + 1)))));
  return open_file("/proc/self/fd/" + std::to_string(writable.borrow()), O_RDONLY);
}

}  // namespace

Result<Keyboard> Keyboard::create(wl_display* display, Keymap keymap) {
  BH_TRY(file, keymap_file(keymap.text()));
  return Keyboard(display, std::move(keymap), std::move(file));
}

Result<void> Keyboard::change_keymap(Keymap keymap) {
  BH_TRY(file, keymap_file(keymap.text()));
  keymap_ = std::move(keymap);
  file_ = std::move(file);
  for (wl_resource* keyboard : resources_.all()) send_keymap(keyboard);
  return {};
}

void Keyboard::add(NewResource const& wanted) {
  wl_resource* const keyboard = resources_.add(wanted, &kRequests);
  if (keyboard == nullptr) return;
  send_keymap(keyboard);
  if (wl_resource_get_version(keyboard) >= WL_KEYBOARD_REPEAT_INFO_SINCE_VERSION) {
    // Rate 0: never by the client's clock, which in a slow guest runs on while a release waits to be seen. dom0 repeats.
    wl_keyboard_send_repeat_info(keyboard, 0, 0);
  }
  auto const focus = focus_.lock();
  if (focus && focus_client() == wanted.client) send_enter(keyboard, *focus);
}

void Keyboard::send_keymap(wl_resource* keyboard) const {
  auto const size = static_cast<std::uint32_t>(keymap_.text().size() + 1);
  wl_keyboard_send_keymap(keyboard, WL_KEYBOARD_KEYMAP_FORMAT_XKB_V1, file_.borrow(), size);
}

wl_client* Keyboard::focus_client() const {
  auto const focus = focus_.lock();
  return focus && focus->resource() != nullptr ? wl_resource_get_client(focus->resource()) : nullptr;
}

void Keyboard::send_enter(wl_resource* keyboard, Surface const& surface) const {
  wl_array keys;
  wl_array_init(&keys);
  for (std::uint32_t const code : pressed_) {
    if (void* const place = wl_array_add(&keys, sizeof code)) *static_cast<std::uint32_t*>(place) = code - kEvdevOffset;
  }
  wl_keyboard_send_enter(keyboard, wl_display_next_serial(display_), surface.resource(), &keys);
  wl_array_release(&keys);
  wl_keyboard_send_modifiers(keyboard, wl_display_next_serial(display_), modifiers_.depressed, modifiers_.latched,
                             modifiers_.locked, modifiers_.group);
}

void Keyboard::set_focus(std::shared_ptr<Surface> const& surface) {
  auto const old = focus_.lock();
  if (old == surface) return;
  if (old && old->resource() != nullptr) {
    for (wl_resource* keyboard : resources_.of(focus_client())) {
      wl_keyboard_send_leave(keyboard, wl_display_next_serial(display_), old->resource());
    }
  }
  focus_ = surface;
  if (!surface || surface->resource() == nullptr) return;
  for (wl_resource* keyboard : resources_.of(focus_client())) send_enter(keyboard, *surface);
}

void Keyboard::send_modifiers() {
  for (wl_resource* keyboard : resources_.of(focus_client())) {
    wl_keyboard_send_modifiers(keyboard, wl_display_next_serial(display_), modifiers_.depressed, modifiers_.latched,
                               modifiers_.locked, modifiers_.group);
  }
}

void Keyboard::set_modifiers(Modifiers const& modifiers) {
  if (modifiers == modifiers_) return;
  modifiers_ = modifiers;
  send_modifiers();
}

void Keyboard::state(std::uint32_t x_state) { set_modifiers(keymap_.from_x_state(x_state)); }

void Keyboard::send_key(std::uint32_t code, bool pressed) {
  std::uint32_t const state = pressed ? WL_KEYBOARD_KEY_STATE_PRESSED : WL_KEYBOARD_KEY_STATE_RELEASED;
  for (wl_resource* keyboard : resources_.of(focus_client())) {
    wl_keyboard_send_key(keyboard, wl_display_next_serial(display_), event_time(), code - kEvdevOffset, state);
  }
}

void Keyboard::key(gui::to_agent::Key const& event) {
  constexpr std::uint32_t kMaxKeyCode = 255;
  if (event.keycode < kEvdevOffset || event.keycode > kMaxKeyCode) return;
  auto const down = std::find(pressed_.begin(), pressed_.end(), event.keycode);
  if (!event.pressed && down == pressed_.end()) return;
  if (event.pressed && down != pressed_.end()) {
    // dom0's repeat. This version of the protocol knows no repeated state, and two presses in a row are not allowed.
    send_key(event.keycode, false);
    send_key(event.keycode, true);
    return;
  }
  Modifiers const before = keymap_.from_x_state(event.state);
  set_modifiers(before);
  if (event.pressed) {
    pressed_.push_back(event.keycode);
    send_key(event.keycode, true);
    set_modifiers(keymap_.after_press(before, KeyCode{event.keycode}));
  } else {
    pressed_.erase(down);
    send_key(event.keycode, false);
    set_modifiers(keymap_.after_release(before, KeyCode{event.keycode}, pressed_));
  }
}

void Keyboard::keymap_state(gui::to_agent::KeymapNotify const& host) {
  std::erase_if(pressed_, [&](std::uint32_t code) {
    bool const still_down = (host.keys[code / 8] >> (code % 8) & 1) != 0;
    if (!still_down) send_key(code, false);
    return !still_down;
  });
}

}  // namespace bh::gui_agent
