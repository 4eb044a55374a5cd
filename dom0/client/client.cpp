#include "dom0/client/client.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <thread>

#include "base/unix_socket.h"

namespace bh::admin {

namespace {

Failure<Exception> unreachable(std::filesystem::path const& socket, Error const& error) {
  bool const absent = error.errno_value == ENOENT || error.errno_value == ECONNREFUSED;
  std::string text = error.message;
  if (absent) text = "bulkheadd is not running (nobody listens on " + socket.string() + "); start it, or set BULKHEAD_ROOT to the root it runs on";
  return Failure{Exception{kUnreachable, std::move(text)}};
}

Failure<Exception> late() { return Failure{Exception{kTimeout, "bulkheadd did not answer in time"}}; }

// A daemon that hangs lets its queue of callers fill up; nobody waits there past the deadline.
Result<UniqueFd, Exception> connect_by(std::filesystem::path const& socket, Deadline deadline) {
  for (;;) {
    auto fd = try_connect_unix(socket);
    if (fd) return std::move(*fd);
    if (fd.error().errno_value != EAGAIN) return unreachable(socket, fd.error());
    if (Clock::now() >= deadline) return late();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

// Non-blocking from here on, so that a daemon that stops reading cannot hold us past the deadline.
Result<void, Exception> write_by(UniqueFd const& fd, ByteSpan bytes, Deadline deadline) {
  while (!bytes.empty()) {
    auto const ready = wait_for(fd, POLLOUT, deadline);
    if (!ready) return Failure{Exception{kUnreachable, ready.error().message}};
    if (!*ready) return late();
    ssize_t const sent = ::send(fd.borrow(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    // The daemon may refuse before it has read all: what it said is still to be read.
    if (sent < 0 && errno == EPIPE) return {};
    if (sent < 0) return Failure{Exception{kUnreachable, Error::from_errno("send to bulkheadd").message}};
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return {};
}

// 0 is the end of the stream.
Result<std::size_t, Exception> read_by(UniqueFd const& fd, std::span<std::byte> into, Deadline deadline) {
  for (;;) {
    auto const ready = wait_for(fd, POLLIN, deadline);
    if (!ready) return Failure{Exception{kUnreachable, ready.error().message}};
    if (!*ready) return late();
    auto const count = read_some(fd, into);
    if (count) return *count;
    if (count.error().errno_value == ECONNRESET) return std::size_t{0};
    if (count.error().errno_value != EAGAIN) return Failure{Exception{kUnreachable, count.error().message}};
  }
}

}  // namespace

Result<UniqueFd, Exception> send_call(std::filesystem::path const& socket, Call const& call, Deadline deadline) {
  auto const frame = encode_call(call);
  if (!frame) return Failure{Exception{"QubesValueError", to_string(frame.error())}};
  auto fd = connect_by(socket, deadline);
  if (!fd) return Failure{fd.error()};
  if (auto const sent = write_by(*fd, *frame, deadline); !sent) return Failure{sent.error()};
  ::shutdown(fd->borrow(), SHUT_WR);
  return std::move(*fd);
}

Reply Client::call(Call const& call, std::chrono::milliseconds timeout) const {
  Deadline const deadline = Clock::now() + timeout;
  auto fd = send_call(socket_, call, deadline);
  if (!fd) return Failure{fd.error()};
  Bytes answer;
  std::array<std::byte, 16384> chunk{};
  for (;;) {
    auto const count = read_by(*fd, chunk, deadline);
    if (!count) return Failure{count.error()};
    if (*count == 0) return parse_reply(answer);
    if (answer.size() + *count > kMaxReply) return Failure{Exception{kUnreachable, "the answer is longer than 16 MiB"}};
    answer.insert(answer.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(*count));
  }
}

Result<void, Exception> Client::follow_events(std::string const& destination, Deadline deadline,
                                              std::function<Next(Event const&)> const& callback) const {
  auto fd = send_call(socket_, {.method = "admin.Events", .destination = destination}, deadline);
  if (!fd) return Failure{fd.error()};
  EventDecoder decoder;
  Bytes first;
  std::array<std::byte, 16384> chunk{};
  bool seen = false;
  for (;;) {
    auto const count = read_by(*fd, chunk, deadline);
    if (!count) return Failure{count.error()};
    if (*count == 0) {
      if (seen) return Failure{Exception{kUnreachable, "bulkheadd ended the stream of events"}};
      return Failure{parse_reply(first).ok() ? Exception{kUnreachable, "no events came"} : parse_reply(first).error()};
    }
    auto const got = std::span(chunk).first(*count);
    decoder.feed(got);
    if (!seen) first.insert(first.end(), got.begin(), got.end());
    for (;;) {
      auto event = decoder.next();
      if (!event) {
        if (!seen && !first.empty() && first[0] == std::byte{'2'}) break;  // an exception: read to its end
        return Failure{Exception{kUnreachable, to_string(event.error())}};
      }
      if (!*event) break;
      seen = true;
      if (callback(**event) == Next::stop) return {};
    }
  }
}

}  // namespace bh::admin
