#include "qrexec/daemon/port_table.h"

namespace bh::qrexec {

std::optional<vchan::Port> PortTable::reserve(DomainId other, ClientId client) {
  std::size_t const step = other == kDom0 ? 1 : 2;
  std::size_t const start = other != kDom0 && other >= own_ ? 1 : 0;
  std::optional<std::size_t> chosen;
  for (std::size_t i = start; i < kCount; i += step) {
    if (!slots_[i]) {
      chosen = i;
      break;
    }
    bool const from_before = slots_[i]->session < session_;
    if (from_before && (!chosen || slots_[i]->session < slots_[*chosen]->session)) chosen = i;
  }
  if (!chosen) return std::nullopt;
  slots_[*chosen] = Slot{other, client, session_};
  return vchan::Port(kFirst + static_cast<std::uint32_t>(*chosen));
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
