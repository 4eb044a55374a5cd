// Any bytes on the Admin API socket: parsed or refused, and what is parsed is never longer than what came in.
#include <cstdlib>

#include "dom0/client/event.h"
#include "dom0/client/reply.h"
#include "dom0/client/request.h"

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  auto const bytes = std::as_bytes(std::span(data, size));
  if (auto const call = bh::admin::parse_call(bytes)) {
    std::size_t total = call->method.size();
    auto const measure = [&](std::string const& text) { total += text.size(); return 0; };
    call->argument.checked(measure);
    call->source.checked(measure);
    call->payload.checked(measure);
    if (total > size) std::abort();
  }
  (void)bh::admin::parse_reply(bytes);
  bh::admin::EventDecoder decoder;
  decoder.feed(bytes);
  while (true) {
    auto const event = decoder.next();
    if (!event || !*event) break;
    // What was decoded encodes to something that decodes to the same.
    bh::admin::EventDecoder again;
    again.feed(bh::admin::encode_event(**event));
    auto const twin = again.next();
    if (!twin || !*twin || !(**twin == **event)) std::abort();
  }
  return 0;
}
