#include "gui-daemon/protocol/from_agent.h"

#include "gui-daemon/protocol/limits.h"
#include "gui-daemon/protocol/message_type.h"
#include "gui-daemon/protocol/window_memory.h"

namespace bh::gui::from_agent {
namespace {

// One overload a message: writes the body and answers the type.
struct Body {
  ByteWriter& out;

  MessageType operator()(Create const& m) {
    out.i32_le(m.x).i32_le(m.y).u32_le(m.width).u32_le(m.height).u32_le(m.parent.value()).u32_le(m.override_redirect);
    return MessageType::create;
  }
  MessageType operator()(Destroy const&) { return MessageType::destroy; }
  MessageType operator()(Map const& m) {
    out.u32_le(m.transient_for.value()).u32_le(m.override_redirect);
    return MessageType::map;
  }
  MessageType operator()(Unmap const&) { return MessageType::unmap; }
  MessageType operator()(Configure const& m) {
    out.i32_le(m.x).i32_le(m.y).u32_le(m.width).u32_le(m.height).u32_le(m.override_redirect);
    return MessageType::configure;
  }
  MessageType operator()(Damage const& m) {
    out.i32_le(m.x).i32_le(m.y).u32_le(m.width).u32_le(m.height);
    return MessageType::shm_image;
  }
  MessageType operator()(ClipboardData const& m) {
    out.bytes(ByteSpan(m.data).first(std::min<std::size_t>(m.data.size(), kMaxClipboard)));
    return MessageType::clipboard_data;
  }
  MessageType operator()(WindowName const& m) {
    out.fixed_text(m.text, 128);
    return MessageType::window_name;
  }
  MessageType operator()(Dock const&) { return MessageType::dock; }
  MessageType operator()(WindowHints const& m) {
    out.u32_le(m.flags).u32_le(m.min_width).u32_le(m.min_height).u32_le(m.max_width).u32_le(m.max_height);
    out.u32_le(m.width_increment).u32_le(m.height_increment).u32_le(m.base_width).u32_le(m.base_height);
    return MessageType::window_hints;
  }
  MessageType operator()(WindowFlags const& m) {
    out.u32_le(m.set).u32_le(m.unset);
    return MessageType::window_flags;
  }
  MessageType operator()(WindowClass const& m) {
    out.fixed_text(m.res_class, 64).fixed_text(m.res_name, 64);
    return MessageType::window_class;
  }
  MessageType operator()(GrantDump const& m) {
    out.u32_le(0).u32_le(m.width).u32_le(m.height).u32_le(24);
    for (std::uint32_t const grant : m.grants) out.u32_le(grant);
    return MessageType::window_dump;
  }
  MessageType operator()(MemoryDump const& m) {
    out.u32_le(kMemoryDumpType).u32_le(m.width).u32_le(m.height).u32_le(24);
    out.u64_le(m.offset).u32_le(m.width * kBytesPerPixel).u32_le(kFormatXrgb8888);
    return MessageType::window_dump;
  }
  MessageType operator()(Cursor const& m) {
    out.u32_le(m.shape);
    return MessageType::cursor;
  }
};

}  // namespace

Bytes encode(WindowId window, Message const& message) {
  ByteWriter body;
  MessageType const type = std::visit(Body{body}, message);
  ByteWriter out;
  out.u32_le(static_cast<std::uint32_t>(type)).u32_le(window.value()).u32_le(static_cast<std::uint32_t>(body.size()));
  out.bytes(body.view());
  return std::move(out).take();
}

}  // namespace bh::gui::from_agent
