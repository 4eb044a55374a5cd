#include "gui-daemon/daemon/x11/connection.h"

#include <xcb/shm.h>
// This C header names a field `explicit`.
#define explicit explicit_field
#include <xcb/xkb.h>
#undef explicit

#include <algorithm>
#include <cstring>

#include "gui-daemon/protocol/keymap_names.h"

namespace bh::gui::x11 {

Result<Connection> Connection::open() {
  Connection self;
  int screen_number = 0;
  self.connection_.reset(xcb_connect(nullptr, &screen_number));
  if (self.broken()) return Failure{Error{"cannot reach the X server named by DISPLAY: is it running, and may we (XAUTHORITY)?"}};
  BH_CHECK(self.find_screen(screen_number));
  BH_TRY(atoms, Atoms::intern(self.raw()));
  self.atoms_ = atoms;
  BH_CHECK(self.check_extensions());
  std::uint32_t const events = XCB_EVENT_MASK_PROPERTY_CHANGE | XCB_EVENT_MASK_STRUCTURE_NOTIFY;
  xcb_change_window_attributes(self.raw(), self.root(), XCB_CW_EVENT_MASK, &events);
  return self;
}

Result<void> Connection::find_screen(int number) {
  auto screens = xcb_setup_roots_iterator(xcb_get_setup(raw()));
  for (; number > 0 && screens.rem > 0; --number) xcb_screen_next(&screens);
  if (screens.rem == 0) return Failure{Error{"the X server has no such screen"}};
  screen_ = screens.data;
  for (auto depths = xcb_screen_allowed_depths_iterator(screen_); depths.rem > 0; xcb_depth_next(&depths)) {
    for (auto visuals = xcb_depth_visuals_iterator(depths.data); visuals.rem > 0; xcb_visualtype_next(&visuals)) {
      if (visuals.data->visual_id == screen_->root_visual) visual_ = visuals.data;
    }
  }
  bool const usable = visual_ != nullptr && screen_->root_depth == 24 && visual_->red_mask == 0xFF0000 && visual_->blue_mask == 0xFF;
  if (!usable) return Failure{Error{"the X server's screen is not 24 bit TrueColor with red above blue, the only layout we show"}};
  return {};
}

Result<void> Connection::check_extensions() {
  auto const* const shm = xcb_get_extension_data(raw(), &xcb_shm_id);
  Reply<xcb_shm_query_version_reply_t> const version(
      shm != nullptr && shm->present ? xcb_shm_query_version_reply(raw(), xcb_shm_query_version(raw()), nullptr) : nullptr);
  if (!version || version->major_version != 1 || version->minor_version < 2) {
    return Failure{Error{"the X server has no MIT-SHM 1.2: it must run on this host (no ssh forwarding)"}};
  }
  shm_first_event_ = shm->first_event;
  Reply<xcb_xkb_use_extension_reply_t> const xkb(
      xcb_xkb_use_extension_reply(raw(), xcb_xkb_use_extension(raw(), XCB_XKB_MAJOR_VERSION, XCB_XKB_MINOR_VERSION), nullptr));
  if (!xkb || !xkb->supported) return Failure{Error{"the X server has no XKB"}};
  // Repeats then come as presses without releases, so Keyboard can tell them from keys let go.
  std::uint32_t const repeat = XCB_XKB_PER_CLIENT_FLAG_DETECTABLE_AUTO_REPEAT;
  Reply<xcb_xkb_per_client_flags_reply_t> const flags(xcb_xkb_per_client_flags_reply(
      raw(), xcb_xkb_per_client_flags(raw(), XCB_XKB_ID_USE_CORE_KBD, repeat, repeat, 0, 0, 0), nullptr));
  if (!flags || (flags->value & repeat) == 0) return Failure{Error{"the X server cannot mark repeated keys (XKB detectable auto-repeat)"}};
  return {};
}

std::vector<std::uint32_t> Connection::property32(xcb_window_t window, xcb_atom_t property, std::uint32_t max_items) const {
  Reply<xcb_get_property_reply_t> const reply(
      xcb_get_property_reply(raw(), xcb_get_property(raw(), 0, window, property, XCB_ATOM_ANY, 0, max_items), nullptr));
  if (!reply || reply->format != 32 || reply->bytes_after != 0) return {};
  std::vector<std::uint32_t> items(reply->value_len);
  if (!items.empty()) std::memcpy(items.data(), xcb_get_property_value(reply.get()), items.size() * sizeof(std::uint32_t));
  return items;
}

std::string Connection::property_text(xcb_window_t window, xcb_atom_t property, std::uint32_t max_bytes) const {
  Reply<xcb_get_property_reply_t> const reply(
      xcb_get_property_reply(raw(), xcb_get_property(raw(), 0, window, property, XCB_ATOM_ANY, 0, max_bytes / 4), nullptr));
  if (!reply || reply->format != 8 || reply->bytes_after != 0) return {};
  return {static_cast<char const*>(xcb_get_property_value(reply.get())), reply->value_len};
}

Extent Connection::root_extent() const {
  Reply<xcb_get_geometry_reply_t> const reply(xcb_get_geometry_reply(raw(), xcb_get_geometry(raw(), root()), nullptr));
  if (!reply) return Extent::of(screen_->width_in_pixels, screen_->height_in_pixels);
  return Extent::of(reply->width, reply->height);
}

WorkArea Connection::work_area() const {
  Extent const whole = root_extent();
  auto const desktop = property32(root(), atoms_.net_current_desktop, 1);
  auto const areas = property32(root(), atoms_.net_workarea, 4 * 64);
  std::size_t const at = desktop.empty() ? 0 : std::size_t{desktop[0]} * 4;
  if (areas.size() < at + 4) return {Position::of(0, 0), whole};
  auto const x = areas[at], y = areas[at + 1], width = areas[at + 2], height = areas[at + 3];
  bool const inside = x < whole.width() && y < whole.height() && width > 0 && height > 0 && width <= whole.width() - x && height <= whole.height() - y;
  if (!inside) return {Position::of(0, 0), whole};
  return {Position::of(static_cast<std::int32_t>(x), static_cast<std::int32_t>(y)), Extent::of(width, height)};
}

bool Connection::has_window_manager() const {
  // The window named by the root must name itself too: a property of a manager that died does not count.
  auto const check = property32(root(), atoms_.net_supporting_wm_check, 1);
  return !check.empty() && property32(check[0], atoms_.net_supporting_wm_check, 1) == check;
}

KeyMap Connection::held_keys() const {
  KeyMap map{};
  Reply<xcb_query_keymap_reply_t> const reply(xcb_query_keymap_reply(raw(), xcb_query_keymap(raw()), nullptr));
  if (reply) std::ranges::copy(reply->keys, map.begin());
  return map;
}

std::optional<to_agent::KeymapNames> Connection::keymap_names() const {
  // "rules\0model\0layout\0variant\0options\0"
  std::string const all = property_text(root(), atoms_.xkb_rules_names, 1024);
  std::size_t start = 0;
  for (int skipped = 0; skipped < 2; ++skipped) {
    auto const end = all.find('\0', start);
    if (end == std::string::npos) return std::nullopt;
    start = end + 1;
  }
  auto names = decode_keymap_names(as_bytes(std::string_view(all).substr(start)));
  if (!names) return std::nullopt;
  return *std::move(names);
}

void Connection::tell_window_manager(xcb_window_t window, xcb_atom_t type, std::array<std::uint32_t, 5> const& data) const {
  xcb_client_message_event_t event{};
  event.response_type = XCB_CLIENT_MESSAGE;
  event.format = 32;
  event.window = window;
  event.type = type;
  std::ranges::copy(data, event.data.data32);
  xcb_send_event(raw(), 0, root(), XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT | XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY,
                 reinterpret_cast<char const*>(&event));
}

}  // namespace bh::gui::x11
