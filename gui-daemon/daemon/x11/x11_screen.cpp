#include "gui-daemon/daemon/x11/x11_screen.h"

#include <xcb/shm.h>

namespace bh::gui::x11 {
namespace {
// _NET_WM_STATE actions; the last number says that the request comes from an application.
constexpr std::uint32_t kRemove = 0, kAdd = 1, kFromApplication = 1;
}  // namespace

X11Screen::X11Screen(Connection& connection, Label label, SharedMemory memory)
    : connection_(connection), label_(std::move(label)), memory_(std::move(memory)), cursors_(connection), work_area_(connection.work_area()),
      gc_(xcb_generate_id(connection.raw())) {
  std::uint32_t const no_exposures = 0;
  xcb_create_gc(connection_.raw(), gc_, connection_.root(), XCB_GC_GRAPHICS_EXPOSURES, &no_exposures);
}

X11Screen::~X11Screen() = default;

GuestWindow* X11Screen::find(WindowId id) {
  auto const it = windows_.find(id);
  return it == windows_.end() ? nullptr : it->second.get();
}
GuestWindow* X11Screen::find_by_frame(xcb_window_t frame) {
  auto const it = by_resource_.find(frame);
  return it == by_resource_.end() || it->second->frame() != frame ? nullptr : it->second;
}
GuestWindow* X11Screen::find_by_content(xcb_window_t content) {
  auto const it = by_resource_.find(content);
  return it == by_resource_.end() || it->second->content() != content ? nullptr : it->second;
}

void X11Screen::show(WindowId id, Look const& look) {
  GuestWindow const* const parent = look.transient_for == kNoWindow ? nullptr : find(look.transient_for);
  auto window = std::make_unique<GuestWindow>(connection_, label_, id, look, parent == nullptr ? xcb_window_t{XCB_NONE} : parent->frame());
  window->set_content_cursor(cursors_.glyph(kArrowGlyph));
  window->shown_unmanaged = !connection_.has_window_manager();
  by_resource_[window->frame()] = window.get();
  by_resource_[window->content()] = window.get();
  windows_[id] = std::move(window);
}

void X11Screen::hide(WindowId id) {
  auto const it = windows_.find(id);
  if (it == windows_.end()) return;
  by_resource_.erase(it->second->frame());
  by_resource_.erase(it->second->content());
  windows_.erase(it);
}

void X11Screen::move(WindowId id, Geometry const& geometry) {
  if (auto* const window = find(id)) window->move(geometry);
}
void X11Screen::set_title(WindowId id, SanitizedText const& title) {
  if (auto* const window = find(id)) window->set_title(title);
}
void X11Screen::set_hints(WindowId id, checked::WindowHints const& hints) {
  if (auto* const window = find(id)) window->set_hints(hints);
}
void X11Screen::set_cursor(WindowId id, checked::Cursor const& cursor) {
  if (auto* const window = find(id)) window->set_content_cursor(cursors_.glyph(cursor.glyph.value_or(kArrowGlyph)));
}

void X11Screen::set_maximised(GuestWindow const& window, std::uint32_t action) {
  Atoms const& atoms = connection_.atoms();
  connection_.tell_window_manager(window.frame(), atoms.net_wm_state,
                                  {action, atoms.net_wm_state_max_h, atoms.net_wm_state_max_v, kFromApplication, 0});
}

void X11Screen::request_flags(WindowId id, checked::WindowFlags const& flags) {
  GuestWindow* const window = find(id);
  if (window == nullptr || window->kind() == FrameKind::popup) return;
  Atoms const& atoms = connection_.atoms();
  // GUARD: a guest that fills the screen to paint a desktop of its own: it gets a maximised window, with our frame.
  if ((flags.set & kFlagFullscreen) != 0 && (flags.set & kFlagMinimize) == 0) {
    window->wants_fullscreen = true;
    set_maximised(*window, kAdd);
  } else if ((flags.unset & kFlagFullscreen) != 0 && window->wants_fullscreen) {
    window->wants_fullscreen = false;
    set_maximised(*window, kRemove);
  }
  if ((flags.set & kFlagMinimize) != 0) connection_.tell_window_manager(window->frame(), atoms.wm_change_state, {3, 0, 0, 0, 0});
  auto const attention = [&](std::uint32_t action) {
    connection_.tell_window_manager(window->frame(), atoms.net_wm_state, {action, atoms.net_wm_state_attention, 0, kFromApplication, 0});
  };
  if ((flags.set & kFlagDemandsAttention) != 0) attention(kAdd);
  if ((flags.unset & kFlagDemandsAttention) != 0) attention(kRemove);
}

bool X11Screen::draw(WindowId id, Buffer const& buffer, Area const& area) {
  GuestWindow const* const window = find(id);
  if (window == nullptr) return false;
  auto const source = memory_.find(id, buffer);
  if (!source) return false;
  // The guest's coordinates minus what our frame covers of a popup; the server clips the rest to C.
  auto const offset = static_cast<std::int32_t>(window->content_offset());
  auto const cookie = xcb_shm_put_image(
      connection_.raw(), window->content(), gc_, static_cast<std::uint16_t>(buffer.extent().width()),
      static_cast<std::uint16_t>(buffer.extent().height()), static_cast<std::uint16_t>(area.x), static_cast<std::uint16_t>(area.y),
      static_cast<std::uint16_t>(area.width), static_cast<std::uint16_t>(area.height),
      static_cast<std::int16_t>(static_cast<std::int32_t>(area.x) - offset), static_cast<std::int16_t>(static_cast<std::int32_t>(area.y) - offset),
      24, XCB_IMAGE_FORMAT_Z_PIXMAP, 1, source->segment, source->offset);
  copies_.push_back({cookie.sequence, id});
  return true;
}

std::optional<WindowId> X11Screen::next_painted(std::uint32_t sequence) {
  // Signed difference: the numbers wrap.
  if (copies_.empty() || static_cast<std::int32_t>(sequence - copies_.front().sequence) < 0) return std::nullopt;
  WindowId const window = copies_.front().window;
  copies_.pop_front();
  return window;
}

}  // namespace bh::gui::x11
