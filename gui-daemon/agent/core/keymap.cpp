#include "gui-daemon/agent/core/keymap.h"

#include <xkbcommon/xkbcommon.h>

#include <cstdlib>

namespace bh::gui_agent {

namespace {

constexpr std::uint32_t kLockBit = 1U << 1;
constexpr std::uint32_t kMod2Bit = 1U << 4;  // NumLock by long custom
constexpr std::uint32_t kRealModifiers = 0xFF;
constexpr std::size_t kMaxName = 128;

struct FreeState {
  void operator()(xkb_state* state) const { xkb_state_unref(state); }
};
using StatePtr = std::unique_ptr<xkb_state, FreeState>;

Modifiers modifiers_in(xkb_state* state) {
  return {xkb_state_serialize_mods(state, XKB_STATE_MODS_DEPRESSED), xkb_state_serialize_mods(state, XKB_STATE_MODS_LATCHED),
          xkb_state_serialize_mods(state, XKB_STATE_MODS_LOCKED),
          xkb_state_serialize_layout(state, XKB_STATE_LAYOUT_EFFECTIVE)};
}

bool sane_name(std::string_view name) {
  if (name.size() > kMaxName) return false;
  for (char const c : name) {
    bool const letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter && std::string_view("_,.:()+-").find(c) == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace

bool sane(KeymapNames const& names) {
  return sane_name(names.layout) && sane_name(names.variant) && sane_name(names.options);
}

Result<KeymapNames> parse_keyboard_layout(std::string_view text) {
  KeymapNames names;
  auto const first = text.find('+');
  std::string_view const layout = text.substr(0, first);
  std::string_view rest = first == std::string_view::npos ? std::string_view() : text.substr(first + 1);
  auto const second = rest.find('+');
  if (!layout.empty()) names.layout = layout;
  names.variant = rest.substr(0, second);
  if (second != std::string_view::npos) names.options = rest.substr(second + 1);
  if (!sane(names)) {
    return Failure{Error{"keyboard layout \"" + std::string(text.substr(0, 64)) +
                         "\" is not of the form layout+variant+options"}};
  }
  return names;
}

void Keymap::Free::operator()(xkb_context* context) const { xkb_context_unref(context); }
void Keymap::Free::operator()(xkb_keymap* keymap) const { xkb_keymap_unref(keymap); }

Result<Keymap> Keymap::compile(KeymapNames const& names) {
  if (!sane(names)) return Failure{Error{"keymap names hold characters that no keymap name has"}};
  Keymap made;
  made.context_.reset(xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES));
  if (!made.context_) return Failure{Error{"xkbcommon gives no context; is the package xkb-data installed?"}};
  xkb_rule_names const rules{"evdev", "pc105", names.layout.c_str(), names.variant.c_str(), names.options.c_str()};
  made.keymap_.reset(xkb_keymap_new_from_names(made.context_.get(), &rules, XKB_KEYMAP_COMPILE_NO_FLAGS));
  if (!made.keymap_) {
    return Failure{Error{"no keymap for layout \"" + names.layout + "\" variant \"" + names.variant + "\" options \"" +
                         names.options + "\"; is the package xkb-data installed?"}};
  }
  char* const text = xkb_keymap_get_as_string(made.keymap_.get(), XKB_KEYMAP_FORMAT_TEXT_V1);
  if (text == nullptr) return Failure{Error{"the keymap cannot be written out"}};
  made.text_ = text;
  std::free(text);
  return made;
}

Modifiers Keymap::from_x_state(std::uint32_t state) const {
  std::uint32_t const real = state & kRealModifiers;
  std::uint32_t const locks = kLockBit | kMod2Bit;
  return {real & ~locks, 0, real & locks, (state >> 13) & 3U};
}

Modifiers Keymap::after_press(Modifiers before, KeyCode key) const {
  // A throw-away state: mask and key updates may not be mixed on one that lives on.
  StatePtr const state(xkb_state_new(keymap_.get()));
  if (!state) return before;
  xkb_state_update_mask(state.get(), before.depressed, before.latched, before.locked, 0, 0, before.group);
  xkb_state_update_key(state.get(), key.value, XKB_KEY_DOWN);
  Modifiers after = modifiers_in(state.get());
  after.latched = 0;
  return after;
}

std::uint32_t Keymap::modifiers_of(KeyCode key) const {
  StatePtr const state(xkb_state_new(keymap_.get()));
  if (!state) return 0;
  xkb_state_update_key(state.get(), key.value, XKB_KEY_DOWN);
  return xkb_state_serialize_mods(state.get(), XKB_STATE_MODS_DEPRESSED);
}

Modifiers Keymap::after_release(Modifiers before, KeyCode key, std::vector<std::uint32_t> const& held) const {
  std::uint32_t gone = modifiers_of(key);
  for (std::uint32_t const other : held) gone &= ~modifiers_of(KeyCode{other});
  Modifiers after = before;
  after.depressed &= ~gone;
  return after;
}

}  // namespace bh::gui_agent
