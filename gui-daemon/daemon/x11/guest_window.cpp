#include "gui-daemon/daemon/x11/guest_window.h"

#include <unistd.h>

#include <array>

namespace bh::gui::x11 {
namespace {

constexpr std::uint32_t kBackground = 0x2E3436;  // of content that the guest has not painted yet

struct FrameRect {
  std::int32_t x;
  std::int32_t y;
  Extent extent;
};
FrameRect frame_rect(FrameKind kind, Geometry const& content) {
  if (kind == FrameKind::popup) return {content.position.x(), content.position.y(), content.extent};
  FrameInsets const in = insets(kind);
  // fit_titled() has put the sum inside the screen.
  return {content.position.x() - static_cast<std::int32_t>(in.left), content.position.y() - static_cast<std::int32_t>(in.top),
          Extent::of(content.extent.width() + in.left + in.right, content.extent.height() + in.top + in.bottom)};
}

std::uint32_t less(std::uint32_t length, std::uint32_t margins) { return length > margins ? length - margins : 0; }

}  // namespace

GuestWindow::GuestWindow(Connection const& connection, Label const& label, WindowId id, Look const& look, xcb_window_t transient_for)
    : connection_(connection), label_(label), id_(id), frame_(xcb_generate_id(connection.raw())), content_(xcb_generate_id(connection.raw())) {
  view_.kind = look.frame;
  view_.title = look.title.text();
  create_windows(look);
  set_identity(look, transient_for);
  set_title(look.title);
  set_hints(look.hints);
  set_initial_state(look);
  xcb_map_window(connection_.raw(), frame_);
}

GuestWindow::~GuestWindow() {
  // Another client may have destroyed it before us: that error says nothing new.
  xcb_discard_reply(connection_.raw(), xcb_destroy_window_checked(connection_.raw(), frame_).sequence);
}

void GuestWindow::create_windows(Look const& look) {
  FrameRect const rect = frame_rect(look.frame, look.geometry);
  view_.extent = rect.extent;
  // The label colour is F's background: the server fills the frame with it on map, before any pixel of anybody (R14, R15).
  std::array<std::uint32_t, 3> const frame_values{
      label_.colour.rgb(), look.frame == FrameKind::popup ? 1u : 0u,
      XCB_EVENT_MASK_KEY_PRESS | XCB_EVENT_MASK_KEY_RELEASE | XCB_EVENT_MASK_BUTTON_PRESS | XCB_EVENT_MASK_BUTTON_RELEASE |
          XCB_EVENT_MASK_POINTER_MOTION | XCB_EVENT_MASK_LEAVE_WINDOW | XCB_EVENT_MASK_FOCUS_CHANGE | XCB_EVENT_MASK_STRUCTURE_NOTIFY |
          XCB_EVENT_MASK_EXPOSURE | XCB_EVENT_MASK_PROPERTY_CHANGE};
  xcb_create_window(connection_.raw(), XCB_COPY_FROM_PARENT, frame_, connection_.root(), static_cast<std::int16_t>(rect.x),
                    static_cast<std::int16_t>(rect.y), static_cast<std::uint16_t>(rect.extent.width()),
                    static_cast<std::uint16_t>(rect.extent.height()), 0, XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT,
                    XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK, frame_values.data());
  std::array<std::uint32_t, 3> const content_values{
      kBackground, XCB_GRAVITY_NORTH_WEST,
      XCB_EVENT_MASK_EXPOSURE | XCB_EVENT_MASK_BUTTON_PRESS | XCB_EVENT_MASK_BUTTON_RELEASE | XCB_EVENT_MASK_POINTER_MOTION |
          XCB_EVENT_MASK_ENTER_WINDOW | XCB_EVENT_MASK_LEAVE_WINDOW | XCB_EVENT_MASK_STRUCTURE_NOTIFY};
  xcb_create_window(connection_.raw(), XCB_COPY_FROM_PARENT, content_, frame_, 0, 0, 1, 1, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
                    XCB_COPY_FROM_PARENT, XCB_CW_BACK_PIXEL | XCB_CW_BIT_GRAVITY | XCB_CW_EVENT_MASK, content_values.data());
  place_content();
  if (look.frame == FrameKind::popup) {
    std::uint32_t const above = XCB_STACK_MODE_ABOVE;
    xcb_configure_window(connection_.raw(), frame_, XCB_CONFIG_WINDOW_STACK_MODE, &above);
  }
}

void GuestWindow::place_content() {
  FrameInsets const in = content_origin();
  std::uint32_t const width = less(view_.extent.width(), in.left + in.right), height = less(view_.extent.height(), in.top + in.bottom);
  if (width == 0 || height == 0) {  // nothing but frame
    xcb_unmap_window(connection_.raw(), content_);
    return;
  }
  std::array<std::uint32_t, 4> const values{in.left, in.top, width, height};
  xcb_configure_window(connection_.raw(), content_,
                       XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT, values.data());
  xcb_map_window(connection_.raw(), content_);
}

void GuestWindow::set_text(xcb_atom_t property, xcb_atom_t type, std::string const& text) {
  xcb_change_property(connection_.raw(), XCB_PROP_MODE_REPLACE, frame_, property, type, 8, static_cast<std::uint32_t>(text.size()), text.data());
}

void GuestWindow::set_numbers(xcb_atom_t property, xcb_atom_t type, std::vector<std::uint32_t> const& numbers) {
  xcb_change_property(connection_.raw(), XCB_PROP_MODE_REPLACE, frame_, property, type, 32, static_cast<std::uint32_t>(numbers.size()),
                      numbers.data());
}

void GuestWindow::set_identity(Look const& look, xcb_window_t transient_for) {
  Atoms const& atoms = connection_.atoms();
  std::string const& qube = label_.qube.text();
  set_text(atoms.qubes_vmname, XCB_ATOM_STRING, qube);
  auto const index = static_cast<std::uint8_t>(label_.index);
  xcb_change_property(connection_.raw(), XCB_PROP_MODE_REPLACE, frame_, atoms.qubes_label, XCB_ATOM_CARDINAL, 8, 1, &index);
  set_numbers(atoms.qubes_label_color, XCB_ATOM_CARDINAL, {label_.colour.rgb()});
  set_numbers(atoms.qubes_vmwindowid, XCB_ATOM_WINDOW, {id_.value()});
  // The instance part first, as ICCCM has it; the qube's name before both, so no guest takes another program's class.
  std::string const name = look.window_class.res_name.text(), group = look.window_class.res_class.text();
  set_text(XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, qube + ":" + name + '\0' + qube + ":" + group + '\0');
  set_numbers(atoms.net_wm_pid, XCB_ATOM_CARDINAL, {static_cast<std::uint32_t>(::getpid())});
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  set_text(atoms.wm_client_machine, XCB_ATOM_STRING, host.data());
  set_numbers(atoms.wm_protocols, XCB_ATOM_ATOM, {atoms.wm_delete_window, atoms.net_wm_ping});
  set_numbers(atoms.net_wm_window_type, XCB_ATOM_ATOM, {atoms.net_wm_window_type_normal});
  // flags = decorations, decorations = none: our frame is the only one.
  set_numbers(atoms.motif_wm_hints, atoms.motif_wm_hints, {2, 0, 0, 0, 0});
  if (transient_for != XCB_NONE) set_numbers(XCB_ATOM_WM_TRANSIENT_FOR, XCB_ATOM_WINDOW, {transient_for});
}

void GuestWindow::set_initial_state(Look const& look) {
  // WM_HINTS: flags Input | State, input yes, initial state normal (1) or iconic (3).
  std::uint32_t const state = (look.flags & kFlagMinimize) != 0 ? 3 : 1;
  set_numbers(XCB_ATOM_WM_HINTS, XCB_ATOM_WM_HINTS, {1 | 2, 1, state, 0, 0, 0, 0, 0, 0});
  wants_fullscreen = (look.flags & (kFlagFullscreen | kFlagMinimize)) == kFlagFullscreen;
  Atoms const& atoms = connection_.atoms();
  if (wants_fullscreen) set_numbers(atoms.net_wm_state, XCB_ATOM_ATOM, {atoms.net_wm_state_max_h, atoms.net_wm_state_max_v});
}

Geometry GuestWindow::geometry_of(std::int32_t frame_x, std::int32_t frame_y, Extent const& frame) const {
  if (view_.kind == FrameKind::popup) return {Position::of(frame_x, frame_y), frame};
  FrameInsets const in = insets(view_.kind);
  return {Position::of(frame_x + static_cast<std::int32_t>(in.left), frame_y + static_cast<std::int32_t>(in.top)),
          Extent::of(less(frame.width(), in.left + in.right), less(frame.height(), in.top + in.bottom))};
}

void GuestWindow::move(Geometry const& geometry) {
  FrameRect const rect = frame_rect(view_.kind, geometry);
  std::array<std::uint32_t, 4> const values{static_cast<std::uint32_t>(rect.x), static_cast<std::uint32_t>(rect.y), rect.extent.width(),
                                            rect.extent.height()};
  xcb_configure_window(connection_.raw(), frame_,
                       XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT, values.data());
}

void GuestWindow::offer_to_manager() {
  // Withdrawn and mapped again (ICCCM 4.1.4): a window manager that starts later finds a new window, to be placed and focused.
  xcb_unmap_window(connection_.raw(), frame_);
  xcb_unmap_notify_event_t withdrawn{};
  withdrawn.response_type = XCB_UNMAP_NOTIFY;
  withdrawn.event = connection_.root();
  withdrawn.window = frame_;
  xcb_send_event(connection_.raw(), 0, connection_.root(), XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT | XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY,
                 reinterpret_cast<char const*>(&withdrawn));
  xcb_map_window(connection_.raw(), frame_);
}

void GuestWindow::resized(Extent const& frame) {
  if (frame == view_.extent) return;
  view_.extent = frame;
  place_content();
}

void GuestWindow::set_title(SanitizedText const& title) {
  view_.title = title.text();
  std::string const whole = "[" + label_.qube.text() + "] " + view_.title;
  set_text(XCB_ATOM_WM_NAME, XCB_ATOM_STRING, whole);
  set_text(connection_.atoms().net_wm_name, connection_.atoms().utf8_string, whole);
  paint();
}

void GuestWindow::set_hints(checked::WindowHints const& hints) {
  FrameInsets const in = insets(view_.kind);
  bool const around = view_.kind == FrameKind::titled;
  std::uint32_t const add_w = around ? in.left + in.right : 0, add_h = around ? in.top + in.bottom : 0;
  // WM_SIZE_HINTS: flags, 4 obsolete, min, max, increment, 2 aspects, base, gravity.
  constexpr std::uint32_t kGravity = 0x200, kStaticGravity = 10;
  std::vector<std::uint32_t> out(18, 0);
  out[0] = kGravity | kHintMinSize | hints.position_flags;
  out[17] = kStaticGravity;
  // Small enough for every program, large enough for all our buttons.
  out[5] = std::max(around ? 140u : 1u, hints.min ? hints.min->width + add_w : 0);
  out[6] = std::max(around ? add_h + 16 : 1u, hints.min ? hints.min->height + add_h : 0);
  if (hints.max) {
    out[0] |= kHintMaxSize;
    out[7] = std::max(hints.max->width + add_w, out[5]);
    out[8] = std::max(hints.max->height + add_h, out[6]);
  }
  if (hints.increment) {
    out[0] |= kHintIncrement | kHintBaseSize;
    out[9] = hints.increment->width;
    out[10] = hints.increment->height;
    out[15] = add_w + (hints.base ? hints.base->width : 0);
    out[16] = add_h + (hints.base ? hints.base->height : 0);
  }
  set_numbers(XCB_ATOM_WM_NORMAL_HINTS, XCB_ATOM_WM_SIZE_HINTS, out);
}

void GuestWindow::set_content_cursor(xcb_cursor_t cursor) {
  xcb_change_window_attributes(connection_.raw(), content_, XCB_CW_CURSOR, &cursor);
}

void GuestWindow::set_focused(bool focused) {
  if (view_.focused == focused) return;
  view_.focused = focused;
  paint();
}

void GuestWindow::hover(std::optional<TitleButton> button) {
  if (view_.hovered == button) return;
  view_.hovered = button;
  paint();
}

void GuestWindow::paint() { paint_frame(connection_, frame_, label_, view_); }

}  // namespace bh::gui::x11
