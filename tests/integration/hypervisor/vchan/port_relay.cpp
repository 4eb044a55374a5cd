#include "port_relay.h"

#include <poll.h>

#include "base/unix_socket.h"

namespace bh::test {

PortRelay::PortRelay(std::filesystem::path folder) : folder_(std::move(folder)), wake_(*make_pipe()) {
  host_.listener = *listen_unix(host_socket());
  guest_.listener = *listen_unix(guest_socket());
  thread_ = std::thread([this] { run(); });
}

PortRelay::~PortRelay() {
  stop_ = true;
  (void)write_all(wake_.second, as_bytes("x")).ok();
  thread_.join();
}

void PortRelay::inject(std::string bytes) {
  {
    std::lock_guard const guard(lock_);
    injected_ += bytes;
  }
  (void)write_all(wake_.second, as_bytes("x")).ok();
}

void PortRelay::carry(End& from, End& to) {
  std::byte buffer[65536];
  auto const got = read_some(from.stream, buffer);
  if (!got || *got == 0) {
    from.stream.reset();
    return;
  }
  if (to.stream.open() && !write_all(to.stream, ByteSpan(buffer, *got))) to.stream.reset();
}

void PortRelay::run() {
  while (!stop_) {
    // The host's bytes wait while no guest listens.
    bool const hear_host = host_.stream.open() && guest_.stream.open();
    pollfd polled[] = {{wake_.first.borrow(), POLLIN, 0},
                       {host_.stream.open() ? -1 : host_.listener.borrow(), POLLIN, 0},
                       {guest_.stream.open() ? -1 : guest_.listener.borrow(), POLLIN, 0},
                       {hear_host ? host_.stream.borrow() : -1, POLLIN, 0},
                       {guest_.stream.open() ? guest_.stream.borrow() : -1, POLLIN, 0}};
    ::poll(polled, 5, -1);
    if (polled[0].revents != 0) {
      std::byte byte[16];
      (void)read_some(wake_.first, byte).ok();
      std::lock_guard const guard(lock_);
      for (End* end : {&host_, &guest_}) {
        if (end->stream.open()) (void)write_all(end->stream, as_bytes(injected_)).ok();
      }
      injected_.clear();
    }
    if (polled[1].revents != 0) host_.stream = *accept_unix(host_.listener);
    if (polled[2].revents != 0) guest_.stream = *accept_unix(guest_.listener);
    if (polled[3].revents != 0) carry(host_, guest_);
    if (polled[4].revents != 0) carry(guest_, host_);
  }
}

}  // namespace bh::test
