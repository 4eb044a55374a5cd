#include "gui-daemon/protocol/checked_message.h"

#include "gui-daemon/protocol/check_dump.h"

namespace bh::gui::checked {
namespace {

Failure<Reject> reject(Severity severity, ProtocolError reason) { return Failure{Reject{severity, reason}}; }

// The table has fixed the length, so these reads cannot run short.
std::uint32_t u(ByteReader& in) { return *in.u32_le(); }

Untrusted<RawPosition> read_position(ByteReader& in) {
  auto const x = *in.i32_le();
  return Untrusted(RawPosition{x, *in.i32_le()});
}
RawExtent read_extent(ByteReader& in) {
  auto const width = u(in);
  return RawExtent{width, u(in)};
}

Result<Message, Reject> check_create(ByteReader in) {
  Position const position = Position::clamp(read_position(in));
  RawExtent const extent = read_extent(in);
  u(in);  // parent: the daemon has top-level windows only
  // GUARD: negative sizes (R01); too large ones are clamped below.
  if (((extent.width | extent.height) & 0x80000000u) != 0) return reject(Severity::refuse, ProtocolError::bad_extent);
  return Message(Create{position, Extent::clamp(Untrusted(extent)), u(in) != 0});
}

Result<Message, Reject> check_configure(ByteReader in) {
  Position const position = Position::clamp(read_position(in));
  RawExtent const extent = read_extent(in);
  if (extent.width == 0 || extent.height == 0) return reject(Severity::refuse, ProtocolError::bad_extent);
  return Message(Configure{position, Extent::clamp(Untrusted(extent))});
}

Result<Message, Reject> check_damage(ByteReader in) {
  auto const x = u(in), y = u(in), width = u(in), height = u(in);
  auto claim = DamageClaim::parse(Untrusted(Area{x, y, width, height}));
  if (!claim) return reject(Severity::ignore, claim.error());
  return Message(Damage{*claim});
}

std::optional<SizeRange> read_pair(ByteReader& in, bool wanted, std::uint32_t least, std::uint32_t beyond_width, std::uint32_t beyond_height) {
  auto const width = u(in), height = u(in);
  // GUARD: hints with which a window manager's own arithmetic divides by zero or overflows.
  if (!wanted || width < least || height < least || width >= beyond_width || height >= beyond_height) return std::nullopt;
  return SizeRange{width, height};
}

Message check_hints(ByteReader in) {
  auto const flags = u(in);
  WindowHints hints;
  hints.position_flags = flags & (kHintUserPosition | kHintProgramPosition);
  hints.min = read_pair(in, flags & kHintMinSize, 0, kMaxWidth + 1, kMaxHeight + 1);
  hints.max = read_pair(in, flags & kHintMaxSize, 1, kMaxWidth + 1, kMaxHeight + 1);
  hints.increment = read_pair(in, flags & kHintIncrement, 1, kMaxWidth, kMaxHeight);
  hints.base = read_pair(in, flags & kHintBaseSize, 0, kMaxWidth + 1, kMaxHeight + 1);
  if (hints.min && hints.max && (hints.min->width > hints.max->width || hints.min->height > hints.max->height)) {
    hints.min = std::nullopt;
    hints.max = std::nullopt;
  }
  return hints;
}

Result<Message, Reject> check_flags(ByteReader in) {
  auto const set = u(in), unset = u(in);
  if ((set & unset) != 0) return reject(Severity::refuse, ProtocolError::contradicting_flags);
  // MINIMIZE is never undone by the guest: that would be a window coming up unasked.
  return Message(WindowFlags{set & (kFlagFullscreen | kFlagDemandsAttention | kFlagMinimize), unset & (kFlagFullscreen | kFlagDemandsAttention)});
}

Result<Message, Reject> check_cursor(ByteReader in) {
  auto const cursor = u(in);
  if (cursor == 0) return Message(Cursor{std::nullopt});
  constexpr std::uint32_t kFirst = 0x100, kEnd = 0x19A;
  // GUARD: glyph numbers beyond the cursor font, an X error if passed on.
  if (cursor < kFirst || cursor >= kEnd) return reject(Severity::refuse, ProtocolError::bad_cursor);
  auto const glyph = static_cast<std::uint16_t>(cursor - kFirst);
  if (glyph % 2 != 0) return Message(Cursor{std::nullopt});  // a mask, no cursor of its own
  return Message(Cursor{glyph});
}

}  // namespace

Result<Message, Reject> check(RawMessage const& raw, Limits const& limits) {
  auto const rule = body_rule(static_cast<std::uint32_t>(raw.type), Direction::to_daemon);
  if (!rule) return reject(Severity::kill, ProtocolError::unknown_type);
  if (raw.body.size() < rule->min || raw.body.size() > rule->max) return reject(Severity::kill, ProtocolError::bad_length);
  ByteReader in(raw.body);
  ByteSpan const body(raw.body);
  switch (raw.type) {
    case MessageType::create: return check_create(in);
    case MessageType::destroy: return Message(Destroy{});
    case MessageType::map: {
      WindowId const transient_for{u(in)};
      return Message(Map{transient_for, u(in) != 0});
    }
    case MessageType::unmap: return Message(Unmap{});
    case MessageType::configure: return check_configure(in);
    case MessageType::mfn_dump: return reject(Severity::kill, ProtocolError::mfn_refused);
    case MessageType::shm_image: return check_damage(in);
    case MessageType::clipboard_data: return Message(ClipboardData{raw.body});
    case MessageType::window_name: return Message(WindowName{SanitizedText::from_wire(body)});
    case MessageType::dock: return Message(Dock{});
    case MessageType::window_hints: return check_hints(in);
    case MessageType::window_flags: return check_flags(in);
    case MessageType::window_class:
      return Message(WindowClass{SanitizedText::from_wire(body.first(64)), SanitizedText::from_wire(body.subspan(64))});
    case MessageType::window_dump: return check_dump(body, limits);
    case MessageType::cursor: return check_cursor(in);
    case MessageType::keypress: case MessageType::button: case MessageType::motion: case MessageType::crossing: case MessageType::focus:
    case MessageType::close: case MessageType::clipboard_request: case MessageType::keymap_notify: case MessageType::window_dump_ack:
    case MessageType::buffer_release: case MessageType::frame_done: case MessageType::keymap_names: break;
  }
  return reject(Severity::kill, ProtocolError::unknown_type);
}

}  // namespace bh::gui::checked
