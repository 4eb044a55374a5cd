// Window: what the daemon knows of one guest window. The state is a variant, and FrameKind, the one flag that says who draws the
// frame and how, exists only while the window is mapped: it is decided on MAP and nothing of the guest's can touch it later (R13, R16).
#pragma once

#include <optional>
#include <variant>

#include "gui-daemon/daemon/core/paint_queue.h"
#include "gui-daemon/daemon/core/placement.h"
#include "gui-daemon/protocol/checked_message.h"

namespace bh::gui {

struct Created {};
struct Mapped {
  FrameKind frame;
};
// Reserved for tray icons, which are not shown yet.
struct Docked {};
// DESTROY came; the answer waits for the copy in flight.
struct Dying {};
using WindowState = std::variant<Created, Mapped, Docked, Dying>;

// Where a window's pixels lie.
struct Buffer {
  std::variant<checked::MemoryDump, checked::GrantDump> source;
  bool shown = false;  // a SHMIMAGE came since the dump

  [[nodiscard]] Extent extent() const {
    return std::visit([](auto const& dump) { return dump.extent; }, source);
  }
  [[nodiscard]] std::optional<std::uint64_t> offset() const {
    auto const* const slice = std::get_if<checked::MemoryDump>(&source);
    return slice == nullptr ? std::nullopt : std::optional(slice->offset);
  }
};

struct Window {
  WindowState state = Created{};
  Geometry geometry;
  bool wants_popup = false;
  SanitizedText title;
  checked::WindowClass window_class;
  checked::WindowHints hints;
  WindowId transient_for = kNoWindow;
  std::uint32_t wanted_flags = 0;    // by the guest, for the next MAP
  std::uint32_t reported_flags = 0;  // by us to the guest

  std::optional<Buffer> buffer;
  PaintQueue paint;
  std::optional<std::uint64_t> offset_in_flight;
  std::optional<std::uint64_t> release_later;  // the slice in flight, replaced meanwhile

  // The geometry handshake (gui.md 4.2).
  bool configure_outstanding = false;
  Geometry last_sent;
  bool asked_twice = false;
  std::optional<Extent> declined;  // a size that the guest would not take

  [[nodiscard]] Mapped const* mapped() const { return std::get_if<Mapped>(&state); }
  [[nodiscard]] bool docked() const { return std::holds_alternative<Docked>(state); }
  [[nodiscard]] bool dying() const { return std::holds_alternative<Dying>(state); }
};

}  // namespace bh::gui
