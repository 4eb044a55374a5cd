// Ethernet frames as the far end of a wire would send them, and a reader for the answers.
#pragma once

#include <optional>
#include <random>

#include "base/bytes.h"
#include "hypervisor/network/addressing.h"

namespace bh::network::test {

// "Who has `asked`? Tell `asker`."
Bytes arp_request(machine::MacAddress const& from, Ipv4Address asker, Ipv4Address asked);
// The card that answered for `asked`; nullopt: the frame is no such answer.
std::optional<machine::MacAddress> arp_answer(ByteSpan frame, Ipv4Address asked);

// Something hostile: random bytes, or a frame whose headers almost make sense, of any size a datagram can have (never empty).
Bytes hostile_frame(std::mt19937& random, machine::MacAddress const& to);

}  // namespace bh::network::test
