// The two things a window model talks to. Real ones: x11/ and app/session; tests have small classes of their own.
#pragma once

#include "gui-daemon/daemon/core/window.h"
#include "gui-daemon/protocol/to_agent.h"

namespace bh::gui {

// All that a window of the qube needs to be put on the screen. The label is not in here: a Screen has one, and frames every window with it.
struct Look {
  FrameKind frame;
  Geometry geometry;
  SanitizedText title;
  checked::WindowClass window_class;
  checked::WindowHints hints;
  WindowId transient_for;  // shown at this moment, or kNoWindow
  std::uint32_t flags;
};

class Screen {
 public:
  Screen() = default;
  Screen(Screen const&) = delete;
  Screen& operator=(Screen const&) = delete;
  virtual ~Screen() = default;

  virtual void show(WindowId window, Look const& look) = 0;
  virtual void hide(WindowId window) = 0;
  virtual void move(WindowId window, Geometry const& geometry) = 0;
  virtual void set_title(WindowId window, SanitizedText const& title) = 0;
  virtual void set_hints(WindowId window, checked::WindowHints const& hints) = 0;
  virtual void set_cursor(WindowId window, checked::Cursor const& cursor) = 0;
  virtual void request_flags(WindowId window, checked::WindowFlags const& flags) = 0;
  // Makes the pages available to draw(). False: they cannot be had.
  virtual bool attach(WindowId window, checked::GrantDump const& pages) = 0;
  virtual void detach(WindowId window) = 0;
  // Copies a part of the buffer to the window. True: WindowModel::painted() will be called once for it.
  virtual bool draw(WindowId window, Buffer const& buffer, Area const& area) = 0;
  [[nodiscard]] virtual WorkArea work_area() const = 0;
};

class AgentLink {
 public:
  AgentLink() = default;
  AgentLink(AgentLink const&) = delete;
  AgentLink& operator=(AgentLink const&) = delete;
  virtual ~AgentLink() = default;
  virtual void send(WindowId window, to_agent::Message const& message) = 0;
};

}  // namespace bh::gui
