#include "qrexec/daemon/port_table.h"

namespace bh::qrexec {

std::optional<vchan::Port> PortTable::reserve(DomainId other, ClientId client) {
  std::size_t const step = other == kDom0 ? 1 : 2;
  std::size_t const start = other != kDom0 && other >= own_ ? 1 : 0;
  for (std::size_t i = start; i < kCount; i += step) {
    if (slots_[i]) continue;
    slots_[i] = Slot{other, client};
    return vchan::Port(kFirst + static_cast<std::uint32_t>(i));
  }
  return std::nullopt;
}

PortTable::Release PortTable::release(CallAddress const& address) {
  std::uint32_t const port = address.port.value();
  if (port < kFirst || port >= kFirst + kCount) return {Released::impossible_port, std::nullopt};
  auto& slot = slots_[port - kFirst];
  if (!slot || slot->other != address.domain) return {Released::not_reserved, std::nullopt};
  ClientId const client = slot->client;
  slot.reset();
  return {Released::freed, client};
}

}  // namespace bh::qrexec
