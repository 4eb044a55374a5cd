#include "hypervisor/vchan/hub/link.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>

#include "base/unix_socket.h"

namespace bh::vchan {

namespace {
constexpr std::chrono::milliseconds kRetry{200};
constexpr std::chrono::seconds kFirstWait{30};
constexpr std::chrono::seconds kLaterWait{5};
}  // namespace

Link::Link(Kind kind, std::filesystem::path path, Deadline now)
    : kind_(kind), path_(std::move(path)), retry_at_(now), give_up_at_(now + kFirstWait) {}

Result<bool> Link::not_yet(Deadline now, Error reason) {
  if (now >= give_up_at_) return Failure{std::move(reason)};
  retry_at_ = now + kRetry;
  return false;
}

Result<bool> Link::try_connect(Deadline now) {
  if (kind_ == Kind::socket) {
    auto stream = try_connect_unix(path_);
    if (!stream) {
      int const why = stream.error().errno_value;
      if (why != ENOENT && why != ECONNREFUSED && why != EAGAIN) return Failure{std::move(stream).error()};
      return not_yet(now, std::move(stream).error());
    }
    fd_ = *std::move(stream);
    connected_ = true;
    return true;
  }
  if (!fd_.open()) {
    auto port = open_file(path_, O_RDWR | O_NONBLOCK | O_NOCTTY);
    if (!port) {
      int const why = port.error().errno_value;
      // Not there yet (udev), or our predecessor has not been cleared away.
      if (why != ENOENT && why != EBUSY && why != ENXIO) return Failure{std::move(port).error()};
      return not_yet(now, std::move(port).error());
    }
    fd_ = *std::move(port);
  }
  // A virtio-serial port is always in the state "hung up" while nobody holds its other end, and there is no event for its return.
  pollfd entry{fd_.borrow(), 0, 0};
  if (::poll(&entry, 1, 0) < 0) return Failure{Error::from_errno("look at " + path_.string())};
  if ((entry.revents & (POLLERR | POLLNVAL)) != 0) return Failure{Error{"the port " + path_.string() + " is gone", ENODEV}};
  if ((entry.revents & POLLHUP) != 0) {
    retry_at_ = now + kRetry;
    return false;
  }
  connected_ = true;
  return true;
}

void Link::lost(Deadline now) {
  connected_ = false;
  if (kind_ == Kind::socket) fd_.reset();
  retry_at_ = now + kRetry;
  give_up_at_ = now + kLaterWait;
}

}  // namespace bh::vchan
