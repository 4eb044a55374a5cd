#include "hypervisor/vchan/hub/link.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>

#include <cerrno>

#include "base/unix_socket.h"

namespace bh::vchan {

namespace {
constexpr std::chrono::milliseconds kRetry{200};
// Where the kernel tells of the port's return, asking is only for what it may not have told.
constexpr std::chrono::seconds kRareRetry{2};
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
    watch_port();
  }
  pollfd entry{fd_.borrow(), 0, 0};
  if (::poll(&entry, 1, 0) < 0) return Failure{Error::from_errno("look at " + path_.string())};
  if ((entry.revents & (POLLERR | POLLNVAL)) != 0) return Failure{Error{"the port " + path_.string() + " is gone", ENODEV}};
  if ((entry.revents & POLLHUP) != 0) {
    retry_at_ = now + (wake_.open() ? std::chrono::milliseconds(kRareRetry) : kRetry);
    return false;
  }
  connected_ = true;
  return true;
}

// A virtio-serial port is always in the state "hung up" while nobody holds its other end, so poll() cannot wait for its return; but the
// kernel wakes those who watch it when that changes, which an edge-triggered epoll passes on.
void Link::watch_port() {
  wake_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  if (!wake_.open() || ::epoll_ctl(wake_.borrow(), EPOLL_CTL_ADD, fd_.borrow(), &event) != 0) wake_.reset();
}

void Link::woken(Deadline now) {
  epoll_event event{};
  while (::epoll_wait(wake_.borrow(), &event, 1, 0) > 0) {
  }
  retry_at_ = now;
}

void Link::lost(Deadline now) {
  connected_ = false;
  if (kind_ == Kind::socket) fd_.reset();
  retry_at_ = now + kRetry;
  give_up_at_ = now + kLaterWait;
}

}  // namespace bh::vchan
