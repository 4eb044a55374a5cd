#include "gui-daemon/protocol/to_agent.h"

#include "gui-daemon/protocol/keymap_names.h"
#include "gui-daemon/protocol/limits.h"

namespace bh::gui::to_agent {
namespace {

// X event numbers, which the wire keeps.
constexpr std::uint32_t kKeyPress = 2, kKeyRelease = 3, kButtonPress = 4, kButtonRelease = 5, kEnter = 7, kLeave = 8, kFocusIn = 9, kFocusOut = 10;

// One overload a message: writes the body and answers the type.
struct Body {
  ByteWriter& out;

  MessageType operator()(Key const& m) {
    out.u32_le(m.pressed ? kKeyPress : kKeyRelease).i32_le(m.x).i32_le(m.y).u32_le(m.state).u32_le(m.keycode);
    return MessageType::keypress;
  }
  MessageType operator()(Button const& m) {
    out.u32_le(m.pressed ? kButtonPress : kButtonRelease).i32_le(m.x).i32_le(m.y).u32_le(m.state).u32_le(m.button);
    return MessageType::button;
  }
  MessageType operator()(Motion const& m) {
    out.i32_le(m.x).i32_le(m.y).u32_le(m.state).u32_le(m.is_hint);
    return MessageType::motion;
  }
  MessageType operator()(Crossing const& m) {
    out.u32_le(m.entered ? kEnter : kLeave).i32_le(m.x).i32_le(m.y).u32_le(m.state).u32_le(m.mode).u32_le(m.detail).u32_le(m.focus);
    return MessageType::crossing;
  }
  MessageType operator()(Focus const& m) {
    out.u32_le(m.gained ? kFocusIn : kFocusOut).u32_le(m.mode).u32_le(m.detail);
    return MessageType::focus;
  }
  MessageType operator()(Destroy const&) { return MessageType::destroy; }
  MessageType operator()(Map const& m) {
    out.u32_le(m.transient_for.value()).u32_le(m.override_redirect);
    return MessageType::map;
  }
  MessageType operator()(Configure const& m) {
    out.i32_le(m.x).i32_le(m.y).u32_le(m.width).u32_le(m.height).u32_le(m.override_redirect);
    return MessageType::configure;
  }
  MessageType operator()(Close const&) { return MessageType::close; }
  MessageType operator()(ClipboardRequest const&) { return MessageType::clipboard_request; }
  MessageType operator()(ClipboardData const& m) {
    out.bytes(ByteSpan(m.data).first(std::min<std::size_t>(m.data.size(), kMaxClipboard)));
    return MessageType::clipboard_data;
  }
  MessageType operator()(KeymapNotify const& m) {
    out.bytes(std::as_bytes(std::span(m.keys)));
    return MessageType::keymap_notify;
  }
  MessageType operator()(WindowFlags const& m) {
    out.u32_le(m.set).u32_le(m.unset);
    return MessageType::window_flags;
  }
  MessageType operator()(WindowDumpAck const&) { return MessageType::window_dump_ack; }
  MessageType operator()(BufferRelease const& m) {
    out.u64_le(m.offset);
    return MessageType::buffer_release;
  }
  MessageType operator()(FrameDone const&) {
    out.u32_le(0);
    return MessageType::frame_done;
  }
  MessageType operator()(KeymapNames const& m) {
    out.bytes(encode_keymap_names(m));
    return MessageType::keymap_names;
  }
};

template <class T>
Result<Message, ProtocolError> pressed_or(std::uint32_t type, std::uint32_t down, std::uint32_t up, T message, bool T::* flag) {
  if (type != down && type != up) return Failure{ProtocolError::bad_body};
  message.*flag = type == down;
  return Message(message);
}

KeymapNotify keymap_notify(ByteReader in) {
  KeymapNotify message;
  for (auto& byte : message.keys) byte = *in.u8();
  return message;
}

}  // namespace

Bytes encode(WindowId window, Message const& message) {
  ByteWriter body;
  MessageType const type = std::visit(Body{body}, message);
  ByteWriter out;
  out.u32_le(static_cast<std::uint32_t>(type)).u32_le(window.value()).u32_le(static_cast<std::uint32_t>(body.size()));
  out.bytes(body.view());
  return std::move(out).take();
}

Result<Message, ProtocolError> decode(RawMessage const& raw) {
  auto const rule = body_rule(static_cast<std::uint32_t>(raw.type), Direction::to_agent);
  if (!rule) return Failure{ProtocolError::unknown_type};
  if (raw.body.size() < rule->min || raw.body.size() > rule->max) return Failure{ProtocolError::bad_length};
  // From here the length is the table's, so reads of fixed bodies cannot run short.
  ByteReader in(raw.body);
  auto const u = [&in] { return *in.u32_le(); };
  auto const i = [&in] { return *in.i32_le(); };
  std::uint32_t type = 0;
  switch (raw.type) {
    case MessageType::keypress:
      type = u();
      return pressed_or(type, kKeyPress, kKeyRelease, Key{false, i(), i(), u(), u()}, &Key::pressed);
    case MessageType::button:
      type = u();
      return pressed_or(type, kButtonPress, kButtonRelease, Button{false, i(), i(), u(), u()}, &Button::pressed);
    case MessageType::motion: return Message(Motion{i(), i(), u(), u()});
    case MessageType::crossing:
      type = u();
      return pressed_or(type, kEnter, kLeave, Crossing{false, i(), i(), u(), u(), u(), u()}, &Crossing::entered);
    case MessageType::focus:
      type = u();
      return pressed_or(type, kFocusIn, kFocusOut, Focus{false, u(), u()}, &Focus::gained);
    case MessageType::destroy: return Message(Destroy{});
    case MessageType::map: return Message(Map{WindowId(u()), u() != 0});
    case MessageType::configure: return Message(Configure{i(), i(), u(), u(), u() != 0});
    case MessageType::close: return Message(Close{});
    case MessageType::clipboard_request: return Message(ClipboardRequest{});
    case MessageType::clipboard_data: return Message(ClipboardData{raw.body});
    case MessageType::keymap_notify: return Message(keymap_notify(in));
    case MessageType::window_flags: return Message(WindowFlags{u(), u()});
    case MessageType::window_dump_ack: return Message(WindowDumpAck{});
    case MessageType::buffer_release: return Message(BufferRelease{*in.u64_le()});
    case MessageType::frame_done: return Message(FrameDone{});
    case MessageType::keymap_names: {
      BH_TRY(names, decode_keymap_names(raw.body));
      return Message(std::move(names));
    }
    case MessageType::create: case MessageType::unmap: case MessageType::mfn_dump: case MessageType::shm_image:
    case MessageType::window_name: case MessageType::dock: case MessageType::window_hints: case MessageType::window_class:
    case MessageType::window_dump: case MessageType::cursor: break;
  }
  return Failure{ProtocolError::unknown_type};
}

}  // namespace bh::gui::to_agent
