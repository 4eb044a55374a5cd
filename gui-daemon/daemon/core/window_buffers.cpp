// WindowModel, the half about pixels: dumps, damage, and when a slice is free again.
#include "gui-daemon/daemon/core/window_model.h"

namespace bh::gui {

Result<void, Reject> WindowModel::on(WindowId id, Window& window, checked::MemoryDump const& message) {
  return take_buffer(id, window, Buffer{message});
}

Result<void, Reject> WindowModel::on(WindowId id, Window& window, checked::GrantDump const& message) {
  return take_buffer(id, window, Buffer{message});
}

Result<void, Reject> WindowModel::take_buffer(WindowId id, Window& window, Buffer buffer) {
  std::uint64_t const old_bytes = window.buffer ? window.buffer->extent().bytes() : 0;
  // GUARD: many windows of the largest size: each is within its limits, the sum is not.
  if (buffer_bytes_ - old_bytes + buffer.extent().bytes() > kMaxQubeBytes) {
    return Failure{Reject{Severity::kill, ProtocolError::too_many_bytes}};
  }
  agent_.send(id, to_agent::WindowDumpAck{});
  auto const offset = buffer.offset();
  drop_buffer(id, window, offset);
  if (offset && window.release_later == offset) window.release_later.reset();
  bool const usable = offset || screen_.attach(id, std::get<checked::GrantDump>(buffer.source));
  if (usable) {
    buffer_bytes_ += buffer.extent().bytes();
    window.buffer = buffer;
  }
  return {};
}

void WindowModel::drop_buffer(WindowId id, Window& window, std::optional<std::uint64_t> replaced_by) {
  if (!window.buffer) return;
  buffer_bytes_ -= window.buffer->extent().bytes();
  auto const offset = window.buffer->offset();
  window.buffer.reset();
  if (!offset) {
    screen_.detach(id);
  } else if (offset != replaced_by && window.offset_in_flight == offset) {
    window.release_later = offset;
  } else if (offset != replaced_by) {
    agent_.send(id, to_agent::BufferRelease{*offset});
  }
}

Result<void, Reject> WindowModel::on(WindowId id, Window& window, checked::Damage const& message) {
  std::optional<Area> visible;
  if (window.buffer && window.mapped() != nullptr) {
    visible = message.claim.clipped(window.buffer->extent());
    window.buffer->shown = true;
  }
  auto const taken = window.paint.damage(visible, extension_);
  if (!taken) return Failure{Reject{Severity::kill, taken.error()}};
  pump(id, window);
  return {};
}

void WindowModel::exposed(WindowId id, Area const& area) {
  Window* const window = find(id);
  if (window == nullptr || window->mapped() == nullptr) return;
  window->paint.expose(area);
  pump(id, *window);
}

void WindowModel::painted(WindowId id) {
  Window* const window = find(id);
  if (window == nullptr) return;
  window->paint.finished();
  window->offset_in_flight.reset();
  pump(id, *window);
}

void WindowModel::pump(WindowId id, Window& window) {
  if (window.paint.in_flight()) return;
  if (window.release_later) {
    agent_.send(id, to_agent::BufferRelease{*window.release_later});
    window.release_later.reset();
  }
  if (window.buffer && window.buffer->shown) {
    auto const due = window.paint.start();
    // Cut again: the buffer may have become smaller since the area was noted.
    auto const area = due ? clipped(*due, window.buffer->extent()) : std::nullopt;
    if (area && screen_.draw(id, *window.buffer, *area)) {
      window.offset_in_flight = window.buffer->offset();
      return;
    }
    window.paint.finished();
  }
  if (window.paint.take_frame_done() && extension_ && !window.dying()) agent_.send(id, to_agent::FrameDone{});
  if (window.dying()) {
    agent_.send(id, to_agent::Destroy{});
    windows_.erase(id);
  }
}

}  // namespace bh::gui
