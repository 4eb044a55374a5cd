// What qrexec-daemon and its broker say to each other over a SEQPACKET socket: one message a packet. The broker starts programs and the
// daemon, once confined, cannot; so a request is checked again here, as if the daemon were not ours any more. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "base/bytes.h"
#include "qrexec/protocol/trigger_codec.h"

namespace bh::qrexec::broker {

// The daemon's: decide about this request; or: nobody waits for that worker any more.
struct StopWorker {
  std::uint32_t worker;
};
using Order = std::variant<TriggerRequest, StopWorker>;
inline constexpr std::size_t kMaxOrder = 1 + kMaxIdentText + 2 * kMaxPartyText + kMaxServiceText + 3;

[[nodiscard]] Bytes encode(TriggerRequest const& request);
[[nodiscard]] Bytes encode(StopWorker const& stop);
// nullopt: no order of ours.
[[nodiscard]] std::optional<Order> decode_order(ByteSpan packet);

// The broker's, each with a number: the worker's, or why there is none (an errno).
struct Event {
  enum class Kind : std::uint8_t { started = 1, not_started = 2, ended = 3 };
  Kind kind;
  std::uint32_t number;
  friend bool operator==(Event const&, Event const&) = default;
};
inline constexpr std::size_t kEventSize = 5;
[[nodiscard]] Bytes encode(Event const& event);
[[nodiscard]] std::optional<Event> decode_event(ByteSpan packet);

}  // namespace bh::qrexec::broker
