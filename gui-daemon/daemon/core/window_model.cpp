#include "gui-daemon/daemon/core/window_model.h"

#include <algorithm>

namespace bh::gui {
namespace {
Failure<Reject> kill(ProtocolError reason) { return Failure{Reject{Severity::kill, reason}}; }
Failure<Reject> refuse(ProtocolError reason) { return Failure{Reject{Severity::refuse, reason}}; }
Failure<Reject> ignore(ProtocolError reason) { return Failure{Reject{Severity::ignore, reason}}; }
}  // namespace

Window* WindowModel::find(WindowId id) {
  auto const it = windows_.find(id);
  return it == windows_.end() ? nullptr : &it->second;
}

Result<void, Reject> WindowModel::handle(WindowId id, checked::Message const& message) {
  if (auto const* const create_message = std::get_if<checked::Create>(&message)) return create(id, *create_message);
  if (auto const* const clipboard = std::get_if<checked::ClipboardData>(&message)) {
    Window nobody;
    return on(id, nobody, *clipboard);
  }
  Window* const window = find(id);
  // GUARD: numbers of windows that were never made, or were destroyed and not yet answered.
  if (window == nullptr || window->dying()) return kill(ProtocolError::unknown_window);
  return std::visit([&](auto const& m) { return on(id, *window, m); }, message);
}

Result<void, Reject> WindowModel::create(WindowId id, checked::Create const& message) {
  if (windows_.contains(id)) return kill(ProtocolError::duplicate_window);
  // GUARD: a flood of windows that exhausts the display server.
  if (windows_.size() >= kMaxWindows) return kill(ProtocolError::too_many_windows);
  Window& window = windows_[id];
  window.geometry = {message.position, message.extent};
  window.wants_popup = message.override_redirect;
  return {};
}

Result<void, Reject> WindowModel::on(WindowId, Window&, checked::Create const&) { return kill(ProtocolError::duplicate_window); }

Result<void, Reject> WindowModel::on(WindowId id, Window& window, checked::Destroy const&) {
  for (auto& [other_id, other] : windows_) {
    if (other.transient_for == id) other.transient_for = kNoWindow;
  }
  drop_buffer(id, window, std::nullopt);
  window.paint.drop_pending();
  if (window.mapped() != nullptr) screen_.hide(id);
  window.state = Dying{};
  pump(id, window);
  return {};
}

FrameKind WindowModel::frame_for(Window const& window, Extent const& extent) const {
  // GUARD: a "popup" over the whole screen could draw a desktop of its own (6.4).
  return window.wants_popup && popup_allowed(extent, screen_.work_area()) ? FrameKind::popup : FrameKind::titled;
}

Geometry WindowModel::fitted(Window const& window, Geometry const& wanted) const {
  // GUARD: a window that became titled because it was too large, and shrinks into a corner: its frame stays the titled one, and
  // with a popup's room for it the title would lie outside the screen.
  bool const popup = frame_for(window, wanted.extent) == FrameKind::popup &&
                     (window.mapped() == nullptr || window.mapped()->frame == FrameKind::popup);
  return popup ? fit_popup(wanted, screen_.work_area()) : fit_titled(wanted, screen_.work_area());
}

checked::WindowHints WindowModel::usable_hints(Window const& window) const {
  // GUARD: a "smallest size" beyond the screen, to which a window manager would enlarge the window and push frame sides off it.
  Extent const largest = fit_titled({Position::of(0, 0), Extent::of(kMaxWidth, kMaxHeight)}, screen_.work_area()).extent;
  checked::WindowHints hints = window.hints;
  for (auto* const range : {&hints.min, &hints.base}) {
    if (*range) *range = checked::SizeRange{std::min((*range)->width, largest.width()), std::min((*range)->height, largest.height())};
  }
  return hints;
}

void WindowModel::show(WindowId id, Window& window, FrameKind frame) {
  window.state = Mapped{frame};
  window.reported_flags = 0;
  Window const* const parent = find(window.transient_for);
  bool const parent_shown = parent != nullptr && parent->mapped() != nullptr && window.transient_for != id;
  screen_.show(id, Look{frame, window.geometry, window.title, window.window_class, usable_hints(window),
                        parent_shown ? window.transient_for : kNoWindow, window.wanted_flags});
}

Result<void, Reject> WindowModel::on(WindowId id, Window& window, checked::Map const& message) {
  // The wish for a popup is read here and nowhere else: what MAP says later, while mapped, is not looked at (R13, R16).
  if (!std::holds_alternative<Created>(window.state)) return ignore(ProtocolError::wrong_state);
  window.wants_popup = message.override_redirect;
  window.transient_for = message.transient_for;
  Geometry const wanted = window.geometry;
  window.geometry = fitted(window, wanted);
  show(id, window, frame_for(window, wanted.extent));
  if (window.geometry != wanted) send_geometry(id, window);
  return {};
}

Result<void, Reject> WindowModel::on(WindowId id, Window& window, checked::Unmap const&) {
  if (window.mapped() == nullptr) return ignore(ProtocolError::wrong_state);
  window.state = Created{};
  window.configure_outstanding = false;
  screen_.hide(id);
  drop_buffer(id, window, std::nullopt);
  window.paint.drop_pending();
  pump(id, window);
  return {};
}

void WindowModel::send_geometry(WindowId id, Window& window) {
  window.configure_outstanding = true;
  window.asked_twice = false;
  window.last_sent = window.geometry;
  Geometry const& g = window.geometry;
  agent_.send(id, to_agent::Configure{g.position.x(), g.position.y(), g.extent.width(), g.extent.height(), false});
}

void WindowModel::apply(WindowId id, Window& window, Geometry const& wanted) {
  Geometry const allowed = fitted(window, wanted);
  Mapped const* const mapped = window.mapped();
  bool const changed = allowed != window.geometry;
  window.geometry = allowed;
  if (mapped != nullptr && mapped->frame == FrameKind::popup && frame_for(window, wanted.extent) == FrameKind::titled) {
    // Grew past the rule: it loses its place above the window manager, in one step from one frame to the other.
    screen_.hide(id);
    show(id, window, FrameKind::titled);
  } else if (mapped != nullptr && changed) {
    screen_.move(id, allowed);
  }
  if (mapped != nullptr && allowed != wanted) send_geometry(id, window);
}

Result<void, Reject> WindowModel::on(WindowId id, Window& window, checked::Configure const& message) {
  if (window.docked()) {
    send_geometry(id, window);
    window.configure_outstanding = false;
    return ignore(ProtocolError::wrong_state);
  }
  Geometry const said{message.position, message.extent};
  if (window.mapped() == nullptr) {
    window.geometry = said;
    return {};
  }
  if (window.configure_outstanding) {
    if (said == window.geometry) {
      window.configure_outstanding = false;
      return {};
    }
    bool const stale = window.last_sent != window.geometry;  // it answers an older question: the user went on meanwhile
    if (stale || !window.asked_twice) {                      // the user wins
      send_geometry(id, window);
      window.asked_twice = !stale;
      return {};
    }
    // It cannot, or will not: rather a window of the guest's size than the same question for ever.
    window.configure_outstanding = false;
    window.declined = window.geometry.extent;
  }
  if (said != window.geometry) apply(id, window, said);
  return {};
}

void WindowModel::local_geometry(WindowId id, Geometry const& reported) {
  Window* const window = find(id);
  if (window == nullptr || window->mapped() == nullptr) return;
  Geometry actual = reported;
  if (window->mapped()->frame == FrameKind::popup) {
    // GUARD: something moved the popup after our check; whoever it was, the frame stays on the screen (R17).
    if (!popup_allowed(actual.extent, screen_.work_area())) actual.extent = window->geometry.extent;
    actual = fit_popup(actual, screen_.work_area());
    if (actual != reported) screen_.move(id, actual);
  }
  if (actual == window->geometry) return;
  bool const same_size = actual.extent == window->geometry.extent;
  window->geometry = actual;
  if (!same_size && window->declined == actual.extent) return;
  if (!same_size) window->declined.reset();
  if (!window->configure_outstanding) send_geometry(id, *window);
}

void WindowModel::work_area_changed() {
  for (auto& [id, window] : windows_) {
    if (window.mapped() != nullptr && window.mapped()->frame == FrameKind::popup) local_geometry(id, window.geometry);
  }
}

Result<void, Reject> WindowModel::on(WindowId, Window&, checked::ClipboardData const&) { return ignore(ProtocolError::not_requested); }

Result<void, Reject> WindowModel::on(WindowId id, Window& window, checked::WindowName const& message) {
  bool const changed = window.title != message.text;
  window.title = message.text;
  if (changed && window.mapped() != nullptr) screen_.set_title(id, window.title);
  return {};
}

Result<void, Reject> WindowModel::on(WindowId, Window& window, checked::Dock const&) {
  if (!std::holds_alternative<Created>(window.state)) return refuse(ProtocolError::wrong_state);
  window.wants_popup = false;
  window.state = Docked{};
  return {};
}

Result<void, Reject> WindowModel::on(WindowId id, Window& window, checked::WindowHints const& message) {
  window.hints = message;
  if (window.mapped() != nullptr) screen_.set_hints(id, usable_hints(window));
  return {};
}

Result<void, Reject> WindowModel::on(WindowId id, Window& window, checked::WindowFlags const& message) {
  if (window.mapped() == nullptr) {
    window.wanted_flags = message.set;
    return {};
  }
  screen_.request_flags(id, message);
  return {};
}

void WindowModel::local_flags(WindowId id, std::uint32_t flags) {
  Window* const window = find(id);
  if (window == nullptr || window->mapped() == nullptr || flags == window->reported_flags) return;
  agent_.send(id, to_agent::WindowFlags{flags & ~window->reported_flags, window->reported_flags & ~flags});
  window->reported_flags = flags;
}

Result<void, Reject> WindowModel::on(WindowId, Window& window, checked::WindowClass const& message) {
  if (window.mapped() != nullptr) return ignore(ProtocolError::wrong_state);
  window.window_class = message;
  return {};
}

Result<void, Reject> WindowModel::on(WindowId id, Window& window, checked::Cursor const& message) {
  if (window.mapped() != nullptr) screen_.set_cursor(id, message);
  return {};
}

void WindowModel::close_requested(WindowId id) {
  Window const* const window = find(id);
  if (window != nullptr && !window->dying()) agent_.send(id, to_agent::Close{});
}

void WindowModel::frame_destroyed(WindowId id) {
  Window* const window = find(id);
  if (window == nullptr || window->mapped() == nullptr) return;
  FrameKind const frame = window->mapped()->frame;
  agent_.send(id, to_agent::Close{});
  screen_.hide(id);
  Geometry const former = window->geometry;
  window->geometry = fitted(*window, former);
  show(id, *window, frame);
  if (window->geometry != former) send_geometry(id, *window);
}

void WindowModel::close_all() {
  for (auto& [id, window] : windows_) {
    if (window.buffer && !window.buffer->offset()) screen_.detach(id);
    if (window.mapped() != nullptr) screen_.hide(id);
  }
  windows_.clear();
  buffer_bytes_ = 0;
}

}  // namespace bh::gui
