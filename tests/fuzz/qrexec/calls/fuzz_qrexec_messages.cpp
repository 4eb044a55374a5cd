// Bytes of a peer on every channel: first byte chooses direction and version, the rest is the stream, cut into pieces.
// Beyond not crashing: what comes out of a decoder keeps the promises of its type.
#include <cstdlib>

#include "qrexec/protocol/data_codec.h"
#include "qrexec/protocol/trigger_codec.h"

using namespace bh;
using namespace bh::qrexec;

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

void check_trigger(Frame const& frame) {
  auto const trigger = decode_trigger(frame);
  if (!trigger || !trigger->request) return;
  auto const& request = *trigger->request;
  std::string const& service = request.service.text();
  require(!service.empty() && service.front() != '+' && service.size() <= kMaxServiceText);
  require(service.find_first_of(std::string_view(" /\n\0$@:", 7)) == std::string::npos);
  require(request.target.text().size() <= kMaxPartyText && request.source.text().size() <= kMaxPartyText);
  require(request.target.text().find_first_of(std::string_view(" /\n\0$", 5)) == std::string::npos);
  require(request.ident.raw() == trigger->ident);
}

void check_frame(Direction direction, Frame const& frame) {
  switch (direction) {
    case Direction::agent_to_daemon:
      (void)decode_terminated(frame);
      check_trigger(frame);
      break;
    case Direction::daemon_to_agent: (void)decode_to_agent(frame); break;
    case Direction::client_to_daemon: (void)decode_from_client(frame); break;
    case Direction::daemon_to_client: (void)decode_assigned(frame); break;
    case Direction::caller_to_service: (void)decode_to_service(frame); break;
    case Direction::service_to_caller: (void)decode_to_caller(frame); break;
    case Direction::caller_to_agent:
      for (std::uint32_t version = 2; version <= 4; ++version) (void)forward_trigger(frame.body, *Ident::parse("SOCKET1"), version);
      break;
  }
  (void)decode_hello(frame);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size < 2) return 0;
  auto const direction = static_cast<Direction>(data[0] % 7);
  std::uint32_t const version = (data[0] / 7) % 5;
  std::size_t const piece = 1 + data[1];
  ByteSpan rest = std::as_bytes(std::span(data + 2, size - 2));
  FrameReader reader(direction);
  if (version != 0) reader.agree_on(version);
  while (!rest.empty()) {
    std::size_t const count = std::min(piece, rest.size());
    reader.feed(rest.first(count));
    rest = rest.subspan(count);
    for (;;) {
      auto const frame = reader.next();
      if (!frame) return 0;
      if (!*frame) break;
      check_frame(direction, **frame);
    }
  }
  return 0;
}
