// Any network, and sockets of others.
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "tests/integration/hypervisor/jail/attempt.h"
#include "tests/integration/hypervisor/jail/system_call.h"

namespace bh::jail::test {

// The test leaves it an unconnected socket, as if one had been inherited by mistake.
constexpr int kInheritedSocket = 9;

namespace {

int connect_to(std::string const& name, bool abstract) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() + 1 >= sizeof address.sun_path) return ENAMETOOLONG;
  std::memcpy(address.sun_path + (abstract ? 1 : 0), name.data(), name.size());
  auto const size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + 1);
  return call(SYS_connect, kInheritedSocket, &address, size);
}

int bind_abstract(Prey const&) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, "bulkhead-escape", 15);
  return call(SYS_bind, kInheritedSocket, &address, static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 16));
}

int pair(Prey const&) {
  int both[2];
  return call(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, both);
}

}  // namespace

std::vector<Attempt> network_attempts() {
  return {
      {"socket: IPv4", true, [](Prey const&) { return call(SYS_socket, AF_INET, SOCK_STREAM, 0); }},
      {"socket: IPv4 datagrams", true, [](Prey const&) { return call(SYS_socket, AF_INET, SOCK_DGRAM, 0); }},
      {"socket: IPv6", false, [](Prey const&) { return call(SYS_socket, AF_INET6, SOCK_STREAM, 0); }},
      {"socket: raw", true, [](Prey const&) { return call(SYS_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP); }},
      {"socket: packets", false, [](Prey const&) { return call(SYS_socket, AF_PACKET, SOCK_RAW, 0); }},
      {"socket: unix", true, [](Prey const&) { return call(SYS_socket, AF_UNIX, SOCK_STREAM, 0); }},
      {"socket: netlink", true, [](Prey const&) { return call(SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); }},
      {"socket: netlink audit", false, [](Prey const&) { return call(SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_AUDIT); }},
      {"socket: vsock", false, [](Prey const&) { return call(SYS_socket, AF_VSOCK, SOCK_STREAM, 0); }},
      {"socket: kernel crypto", false, [](Prey const&) { return call(SYS_socket, AF_ALG, SOCK_SEQPACKET, 0); }},
      {"socketpair", true, pair},
      {"bind an abstract name", false, bind_abstract},
      {"connect to a socket's path", true, [](Prey const& prey) { return connect_to(prey.unix_socket, false); }},
      {"connect to an abstract socket", false, [](Prey const& prey) { return connect_to(prey.abstract_socket, true); }},
      {"filter a socket's packets", false, [](Prey const&) { int const zero = 0; return call(SYS_setsockopt, kInheritedSocket, SOL_SOCKET, SO_DETACH_FILTER, &zero, sizeof zero); }},
  };
}

}  // namespace bh::jail::test
