// A hostile clone's replies, and orders of any shape, in pieces of any size. Oracle: no crash; replies only in their order, at most two,
// their words fit to be shown; orders that are taken read back the same.
#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "base/display_text.h"
#include "hypervisor/personal/message.h"

using namespace bh;
using namespace bh::personal;

namespace {

void hear_replies(ByteSpan input, std::size_t piece) {
  ReplyReader reader;
  int heard = 0;
  bool ended = false;
  while (!input.empty()) {
    ByteSpan part = input.first(std::min(piece, input.size()));
    input = input.subspan(part.size());
    while (!part.empty()) {
      auto const reply = reader.next(part);
      if (!reply) return;
      if (!*reply) break;
      BH_ASSERT(!ended && ++heard <= 2);
      ended = !std::holds_alternative<Reseeded>(**reply);
      BH_ASSERT(ended == reader.ended());
      if (auto const* failed = std::get_if<Failed>(&**reply)) {
        BH_ASSERT(failed->text.size() <= kMaxFailureText && for_display(failed->text) == failed->text);
      }
    }
  }
}

void take_orders(ByteSpan input, std::size_t piece) {
  OrdersReader reader;
  while (!input.empty()) {
    ByteSpan const part = input.first(std::min(piece, input.size()));
    input = input.subspan(part.size());
    auto const orders = reader.add(part);
    if (!orders) return;
    if (!*orders) continue;
    BH_ASSERT((*orders)->entropy.size() >= kMinEntropy && (*orders)->entropy.size() <= kMaxEntropy);
    Bytes const again = encode(**orders);
    OrdersReader second;
    auto const same = second.add(again);
    BH_ASSERT(same.ok() && same->has_value() && (*same)->config.text() == (*orders)->config.text());
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size < 1) return 0;
  ByteSpan const input = std::as_bytes(std::span(data + 1, size - 1));
  std::size_t const piece = 1 + data[0] % 64U;
  hear_replies(input, piece);
  take_orders(input, piece);
  // The form that a real message has, so that its body is reached.
  ByteWriter framed;
  framed.text("BHPERS1\n").u32_le(static_cast<std::uint32_t>(input.size())).bytes(input);
  take_orders(framed.view(), piece);
  return 0;
}
