// WindowModel: all windows of one connection. Checked messages and what the display server reports go in; calls to Screen and
// messages to the agent come out. No I/O, no X11: the properties of R13, R16 and R17 are tested on this class.
#pragma once

#include <unordered_map>

#include "gui-daemon/daemon/core/screen.h"

namespace bh::gui {

class WindowModel {
 public:
  // `window_memory`: the extension is on.
  WindowModel(Screen& screen, AgentLink& agent, bool window_memory) : screen_(screen), agent_(agent), extension_(window_memory) {}

  Result<void, Reject> handle(WindowId id, checked::Message const& message);
  // The connection ended: every window goes, without a word to the agent.
  void close_all();

  // The display server's truth, for windows that are shown. Unknown ids are no fault: the server may be late.
  void local_geometry(WindowId id, Geometry const& reported);
  void local_flags(WindowId id, std::uint32_t flags);
  void exposed(WindowId id, Area const& area);
  void painted(WindowId id);
  void close_requested(WindowId id);
  // Another X client destroyed the frame. The guest is asked to close, and gets a new frame for as long as it has the window.
  void frame_destroyed(WindowId id);
  // The work area changed: popups are brought back inside.
  void work_area_changed();

  [[nodiscard]] std::unordered_map<WindowId, Window> const& windows() const { return windows_; }
  [[nodiscard]] std::uint64_t buffer_bytes() const { return buffer_bytes_; }

 private:
  using Outcome = Result<void, Reject>;
  Outcome create(WindowId id, checked::Create const& message);
  Outcome on(WindowId id, Window& window, checked::Create const&);
  Outcome on(WindowId id, Window& window, checked::Destroy const&);
  Outcome on(WindowId id, Window& window, checked::Map const& message);
  Outcome on(WindowId id, Window& window, checked::Unmap const&);
  Outcome on(WindowId id, Window& window, checked::Configure const& message);
  Outcome on(WindowId id, Window& window, checked::Damage const& message);
  Outcome on(WindowId id, Window& window, checked::ClipboardData const&);
  Outcome on(WindowId id, Window& window, checked::WindowName const& message);
  Outcome on(WindowId id, Window& window, checked::Dock const&);
  Outcome on(WindowId id, Window& window, checked::WindowHints const& message);
  Outcome on(WindowId id, Window& window, checked::WindowFlags const& message);
  Outcome on(WindowId id, Window& window, checked::WindowClass const& message);
  Outcome on(WindowId id, Window& window, checked::GrantDump const& message);
  Outcome on(WindowId id, Window& window, checked::MemoryDump const& message);
  Outcome on(WindowId id, Window& window, checked::Cursor const& message);

  [[nodiscard]] Window* find(WindowId id);
  [[nodiscard]] Geometry fitted(Window const& window, Geometry const& wanted) const;
  [[nodiscard]] FrameKind frame_for(Window const& window, Extent const& extent) const;
  [[nodiscard]] checked::WindowHints usable_hints(Window const& window) const;
  void show(WindowId id, Window& window, FrameKind frame);
  void apply(WindowId id, Window& window, Geometry const& wanted);
  void send_geometry(WindowId id, Window& window);
  void drop_buffer(WindowId id, Window& window, std::optional<std::uint64_t> replaced_by);
  Outcome take_buffer(WindowId id, Window& window, Buffer buffer);
  // Starts the next copy if one is due, then says what has become true: released, done, destroyed. May erase the window.
  void pump(WindowId id, Window& window);

  Screen& screen_;
  AgentLink& agent_;
  bool extension_;
  std::unordered_map<WindowId, Window> windows_;
  std::uint64_t buffer_bytes_ = 0;
};

}  // namespace bh::gui
