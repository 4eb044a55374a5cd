#include "hypervisor/vchan/mux_frame.h"

#include <algorithm>
#include <cstring>

namespace bh::vchan::mux {

namespace {
ByteSpan magic() { return std::as_bytes(std::span(kMagic)); }

// How many bytes of `bytes` may go into one frame.
std::size_t frame_length(ByteSpan bytes) {
  std::size_t const length = std::min(bytes.size(), kMaxBody);
  void const* const found = ::memmem(bytes.data(), length, kMagic.data(), kMagic.size());
  if (found == nullptr) return length;
  return static_cast<std::size_t>(static_cast<std::byte const*>(found) - bytes.data()) + 1;
}
}  // namespace

void FrameWriter::u32(std::uint32_t value) { out_.append(ByteWriter().u32_le(value).view()); }

void FrameWriter::header(FrameType type, std::uint32_t session, std::uint32_t id, std::size_t length) {
  BH_ASSERT(length <= kMaxBody);
  ByteWriter writer;
  writer.u8(0).u8(static_cast<std::uint8_t>(type)).u16_le(0).u32_le(session).u32_le(id).u32_le(static_cast<std::uint32_t>(length));
  out_.append(writer.view());
}

void FrameWriter::padding() { out_.append_zeroes(kPadding); }

void FrameWriter::hello(Session session, std::string_view config) {
  BH_ASSERT(config.size() <= kMaxBody && config.find(as_text(magic())) == std::string_view::npos);
  out_.append(magic());
  header(FrameType::hello, session.value(), kVersion, config.size());
  out_.append(as_bytes(config));
}

void FrameWriter::hello_ack(Session session) {
  out_.append(magic());
  header(FrameType::hello_ack, session.value(), kVersion, 0);
}

void FrameWriter::hello_request() {
  out_.append(magic());
  header(FrameType::hello_request, 0, kVersion, 0);
}

void FrameWriter::announce(Session session, ListenerId listener, ChannelName const& name) {
  header(FrameType::announce, session.value(), listener.value(), 8);
  out_.append(ByteWriter().u16_le(name.server.value()).u16_le(name.client.value()).u32_le(name.port.value()).view());
}

void FrameWriter::withdraw(Session session, ListenerId listener) {
  header(FrameType::withdraw, session.value(), listener.value(), 0);
}

void FrameWriter::open(Session session, StreamId stream, ListenerId listener) {
  header(FrameType::open, session.value(), stream.value(), 4);
  u32(listener.value());
}

void FrameWriter::data(Session session, StreamId stream, ByteSpan bytes) {
  while (!bytes.empty()) {
    std::size_t const length = frame_length(bytes);
    header(FrameType::data, session.value(), stream.value(), length);
    out_.append(bytes.first(length));
    bytes = bytes.subspan(length);
  }
}

void FrameWriter::credit(Session session, StreamId stream, std::uint32_t bytes) {
  header(FrameType::credit, session.value(), stream.value(), 4);
  u32(bytes);
}

void FrameWriter::close(Session session, StreamId stream) { header(FrameType::close, session.value(), stream.value(), 0); }

}  // namespace bh::vchan::mux
