// Orders of a daemon that its qube has taken over, to the process that starts its workers.
#include <cstdint>
#include <cstdlib>

#include "qrexec/daemon/broker_message.h"

using namespace bh;
using namespace bh::qrexec;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  ByteSpan const packet(reinterpret_cast<std::byte const*>(data), size);
  auto const order = broker::decode_order(packet);
  if (order) {
    // One form for each order, and only that.
    Bytes const again = std::holds_alternative<TriggerRequest>(*order) ? broker::encode(std::get<TriggerRequest>(*order)) : broker::encode(std::get<broker::StopWorker>(*order));
    if (!std::equal(again.begin(), again.end(), packet.begin(), packet.end())) std::abort();
  }
  (void)broker::decode_event(packet);
  return 0;
}
