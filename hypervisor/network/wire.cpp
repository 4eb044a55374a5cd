#include "hypervisor/network/wire.h"

#include <sys/socket.h>

#include <array>

namespace bh::network {

Result<Wire> make_wire() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) return Failure{Error::from_errno("make a wire")};
  return Wire{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace bh::network
