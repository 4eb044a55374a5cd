#include "tests/integration/hypervisor/network/frames.h"

#include <algorithm>
#include <array>

namespace bh::network::test {

namespace {

constexpr std::array<std::uint8_t, 8> kArp{0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 0x06, 0x04};

template <class Octets>
void append(Bytes& frame, Octets const& octets) {
  for (std::uint8_t const octet : octets) frame.push_back(std::byte{octet});
}

}  // namespace

Bytes arp_request(machine::MacAddress const& from, Ipv4Address asker, Ipv4Address asked) {
  Bytes frame(6, std::byte{0xFF});
  append(frame, from.octets);
  append(frame, kArp);
  append(frame, std::array<std::uint8_t, 2>{0, 1});
  append(frame, from.octets);
  append(frame, asker.bytes());
  frame.resize(frame.size() + 6);
  append(frame, asked.bytes());
  return frame;
}

std::optional<machine::MacAddress> arp_answer(ByteSpan frame, Ipv4Address asked) {
  if (frame.size() < 42) return std::nullopt;
  auto const at = [&](std::size_t i) { return std::to_integer<std::uint8_t>(frame[i]); };
  for (std::size_t i = 0; i < kArp.size(); ++i) {
    if (at(12 + i) != kArp[i]) return std::nullopt;
  }
  if (at(20) != 0 || at(21) != 2) return std::nullopt;
  machine::MacAddress who;
  for (std::size_t i = 0; i < 6; ++i) who.octets[i] = at(22 + i);
  for (std::size_t i = 0; i < 4; ++i) {
    if (at(28 + i) != asked.bytes()[i]) return std::nullopt;
  }
  return who;
}

Bytes hostile_frame(std::mt19937& random, machine::MacAddress const& to) {
  auto const below = [&](std::uint32_t limit) { return static_cast<std::uint32_t>(random()) % limit; };
  // Mostly as wires carry them, sometimes far beyond any card's maximum.
  std::size_t const size = 1 + (below(64) == 0 ? below(100000) : below(8) == 0 ? below(9000) : below(1600));
  Bytes frame(size);
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (i % 4 == 0) word = static_cast<std::uint32_t>(random());
    frame[i] = std::byte(static_cast<std::uint8_t>(word >> (8 * (i % 4))));
  }
  auto const put = [&](std::size_t at, std::initializer_list<std::uint32_t> octets) {
    for (auto const octet : octets) {
      if (at < frame.size()) frame[at] = std::byte(static_cast<std::uint8_t>(octet));
      ++at;
    }
  };
  if (below(4) != 0) {
    auto const& mac = to.octets;
    put(0, {mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]});
  }
  switch (below(6)) {
    case 0: put(12, {8, 0, 0x40 | below(16), 0}); break;             // IPv4 with any header length
    case 1: put(12, {0x86, 0xdd, 0x60}); break;                      // IPv6
    case 2: put(12, {8, 6, 0, 1, 8, 0, below(8), below(8)}); break;  // ARP with odd lengths
    case 3: put(12, {0x81, 0, 0, 1, 0x81, 0, 0, 2, 0x81, 0}); break;  // VLAN in VLAN
    case 4: put(12, {8, 0, 0x45, 0, 0, 60, 0, 1, 0x20 | below(64), 0, 64, below(255)}); break;  // a fragment of any protocol
    default: break;
  }
  return frame;
}

}  // namespace bh::network::test
