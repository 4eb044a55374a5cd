// X11Screen: the Screen of one qube. Every request that carries a guest's wish is made of checked types; errors of the server come
// back as events with a number, and end in a lost paint or a line in the log, never in our exit.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>

#include "gui-daemon/daemon/core/screen.h"
#include "gui-daemon/daemon/x11/cursors.h"
#include "gui-daemon/daemon/x11/guest_window.h"
#include "gui-daemon/daemon/x11/shared_memory.h"

namespace bh::gui::x11 {

class X11Screen final : public Screen {
 public:
  X11Screen(Connection& connection, Label label, SharedMemory memory);
  ~X11Screen() override;

  void show(WindowId id, Look const& look) override;
  void hide(WindowId id) override;
  void move(WindowId id, Geometry const& geometry) override;
  void set_title(WindowId id, SanitizedText const& title) override;
  void set_hints(WindowId id, checked::WindowHints const& hints) override;
  void set_cursor(WindowId id, checked::Cursor const& cursor) override;
  void request_flags(WindowId id, checked::WindowFlags const& flags) override;
  bool attach(WindowId id, checked::GrantDump const& pages) override { return memory_.attach_grants(id, pages); }
  void detach(WindowId id) override { memory_.detach_grants(id); }
  bool draw(WindowId id, Buffer const& buffer, Area const& area) override;
  [[nodiscard]] WorkArea work_area() const override { return work_area_; }

  // For the event router.
  [[nodiscard]] GuestWindow* find(WindowId id);
  [[nodiscard]] GuestWindow* find_by_frame(xcb_window_t frame);
  [[nodiscard]] GuestWindow* find_by_content(xcb_window_t content);
  [[nodiscard]] Cursors& cursors() { return cursors_; }
  void refresh_work_area() { work_area_ = connection_.work_area(); }
  // The server has dealt with all requests up to this number: windows whose copy was among them, oldest first, one a call.
  [[nodiscard]] std::optional<WindowId> next_painted(std::uint32_t sequence);
  void set_maximised(GuestWindow const& window, std::uint32_t action);

 private:
  struct Copy {
    std::uint32_t sequence;
    WindowId window;
  };
  Connection& connection_;
  Label label_;
  SharedMemory memory_;
  Cursors cursors_;
  WorkArea work_area_;
  xcb_gcontext_t gc_;
  std::unordered_map<WindowId, std::unique_ptr<GuestWindow>> windows_;
  std::unordered_map<xcb_window_t, GuestWindow*> by_resource_;
  std::deque<Copy> copies_;
};

}  // namespace bh::gui::x11
