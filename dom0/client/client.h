// A small blocking client of the Admin API for programs without a loop of their own. One connection a call, a deadline on each.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>

#include "base/posix_io.h"
#include "base/unique_fd.h"
#include "dom0/client/event.h"
#include "dom0/client/reply.h"
#include "dom0/client/request.h"

namespace bh::admin {

// Types of exceptions that this side makes: nobody listens, no answer in time.
inline constexpr char const* kUnreachable = "QubesDaemonCommunicationError";
inline constexpr char const* kTimeout = "QubesDaemonTimeoutError";

// Connects, sends the call and half-closes. For streaming methods and for callers with a loop of their own.
[[nodiscard]] Result<UniqueFd, Exception> send_call(std::filesystem::path const& socket, Call const& call, Deadline deadline);

class Client {
 public:
  // `socket` is Paths::admin_socket().
  explicit Client(std::filesystem::path socket) : socket_(std::move(socket)) {}

  // The default is enough for calls that only read or write the model; Start and Shutdown+wait need what the qube's timeouts say.
  [[nodiscard]] Reply call(Call const& call, std::chrono::milliseconds timeout = std::chrono::seconds(15)) const;

  enum class Next { more, stop };
  // Follows admin.Events of `destination` until the callback says stop, the daemon goes or the deadline passes (kTimeout).
  [[nodiscard]] Result<void, Exception> follow_events(std::string const& destination, Deadline deadline,
                                                      std::function<Next(Event const&)> const& callback) const;
  [[nodiscard]] std::filesystem::path const& socket() const { return socket_; }

 private:
  std::filesystem::path socket_;
};

}  // namespace bh::admin
