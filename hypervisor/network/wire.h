// A wire: two connected datagram sockets, one for the VMM process at either end. A datagram is an Ethernet frame; there is no length prefix
// that one QEMU would have to believe another, and the host's network stack never sees a packet.
#pragma once

#include "base/error.h"
#include "base/unique_fd.h"

namespace bh::network {

struct Wire {
  UniqueFd client_end;  // of the qube that is given network
  UniqueFd netvm_end;
};
[[nodiscard]] Result<Wire> make_wire();

}  // namespace bh::network
