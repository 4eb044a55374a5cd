// GuestWindow: one guest window on the user's screen: F, the frame window, ours in every pixel, and C, its child that shows the guest's
// pixels and is clipped by F to the inner rectangle. There is no way to make one without a label (R19).
#pragma once

#include <string>

#include "gui-daemon/daemon/core/screen.h"
#include "gui-daemon/daemon/x11/frame_painter.h"

namespace bh::gui::x11 {

class GuestWindow {
 public:
  GuestWindow(Connection const& connection, Label const& label, WindowId id, Look const& look, xcb_window_t transient_for);
  GuestWindow(GuestWindow const&) = delete;
  GuestWindow& operator=(GuestWindow const&) = delete;
  ~GuestWindow();

  [[nodiscard]] xcb_window_t frame() const { return frame_; }
  [[nodiscard]] xcb_window_t content() const { return content_; }
  [[nodiscard]] WindowId id() const { return id_; }
  [[nodiscard]] FrameKind kind() const { return view_.kind; }
  [[nodiscard]] Extent const& frame_extent() const { return view_.extent; }
  // Where C begins, in the guest window's coordinates and in F's.
  [[nodiscard]] std::uint32_t content_offset() const { return view_.kind == FrameKind::popup ? kPopupBorder : 0; }
  [[nodiscard]] FrameInsets content_origin() const { return insets(view_.kind); }
  // The guest window's geometry if F lies at this place of the screen.
  [[nodiscard]] Geometry geometry_of(std::int32_t frame_x, std::int32_t frame_y, Extent const& frame) const;

  void move(Geometry const& geometry);
  // To a window manager that was not there when F was mapped.
  void offer_to_manager();
  // F has this size now.
  void resized(Extent const& frame);
  void set_title(SanitizedText const& title);
  void set_hints(checked::WindowHints const& hints);
  void set_content_cursor(xcb_cursor_t cursor);
  void set_focused(bool focused);
  void hover(std::optional<TitleButton> button);
  void paint();

  bool wants_fullscreen = false;  // the guest's wish, shown as maximised
  bool shown_unmanaged = false;   // there was no window manager when it was mapped
  bool parent_is_root = true;     // no window manager has put F into a window of its own

 private:
  void create_windows(Look const& look);
  void set_identity(Look const& look, xcb_window_t transient_for);
  void set_initial_state(Look const& look);
  void set_text(xcb_atom_t property, xcb_atom_t type, std::string const& text);
  void set_numbers(xcb_atom_t property, xcb_atom_t type, std::vector<std::uint32_t> const& numbers);
  void place_content();

  Connection const& connection_;
  Label const& label_;
  WindowId id_;
  xcb_window_t frame_;
  xcb_window_t content_;
  FrameView view_;
};

}  // namespace bh::gui::x11
