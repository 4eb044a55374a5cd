// RecordingScreen and RecordingAgent: what the window model asked for, without X11 or a channel. Header only; unit tests, bulletins
// and the model's fuzz target share it.
#pragma once

#include <map>
#include <vector>

#include "gui-daemon/daemon/core/window_model.h"

namespace bh::gui::test {

struct Shown {
  FrameKind frame;
  Geometry geometry;
};

class RecordingScreen final : public Screen {
 public:
  void show(WindowId window, Look const& look) override {
    BH_ASSERT(!shown.contains(window));  // two frames for one window: never
    shown.emplace(window, Shown{look.frame, look.geometry});
    last_transient = look.transient_for;
    last_hints = look.hints;
  }
  void hide(WindowId window) override {
    BH_ASSERT(shown.contains(window));
    shown.erase(window);
  }
  void move(WindowId window, Geometry const& geometry) override { shown.at(window).geometry = geometry; }
  void set_title(WindowId, SanitizedText const& title) override { titles.push_back(title.text()); }
  void set_hints(WindowId, checked::WindowHints const& hints) override { last_hints = hints; }
  void set_cursor(WindowId, checked::Cursor const&) override {}
  void request_flags(WindowId, checked::WindowFlags const&) override {}
  bool attach(WindowId, checked::GrantDump const&) override { return true; }
  void detach(WindowId) override {}
  bool draw(WindowId window, Buffer const& buffer, Area const& part) override {
    BH_ASSERT(shown.contains(window));
    BH_ASSERT(std::uint64_t{part.x} + part.width <= buffer.extent().width() && std::uint64_t{part.y} + part.height <= buffer.extent().height());
    drawn.push_back(part);
    in_flight.push_back(window);
    return true;
  }
  [[nodiscard]] WorkArea work_area() const override { return area; }

  WorkArea area{Position::of(0, 0), Extent::of(1000, 800)};
  std::map<WindowId, Shown> shown;
  std::vector<Area> drawn;
  std::vector<WindowId> in_flight;
  std::vector<std::string> titles;
  WindowId last_transient = kNoWindow;
  checked::WindowHints last_hints;
};

class RecordingAgent final : public AgentLink {
 public:
  void send(WindowId window, to_agent::Message const& message) override { sent.emplace_back(window, message); }
  template <class T>
  [[nodiscard]] std::size_t count() const {
    std::size_t number = 0;
    for (auto const& one : sent) number += std::holds_alternative<T>(one.second) ? 1 : 0;
    return number;
  }
  template <class T>
  [[nodiscard]] T const& last() const {
    for (auto it = sent.rbegin(); it != sent.rend(); ++it) {
      if (auto const* const found = std::get_if<T>(&it->second)) return *found;
    }
    ::bh::assertion_failed("such a message was sent", __FILE__, __LINE__);
  }
  std::vector<std::pair<WindowId, to_agent::Message>> sent;
};

}  // namespace bh::gui::test
