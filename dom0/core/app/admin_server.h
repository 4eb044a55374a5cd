// The Admin API's socket: one call a connection, taken when the caller half-closes. Each connection is a coroutine with deadlines and
// bounded buffers of its own, so a slow or silent client delays nobody.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>

#include <chrono>
#include <filesystem>

#include "base/unique_fd.h"
#include "dom0/core/admin/api.h"

namespace bh::dom0 {

struct ServerLimits {
  std::chrono::milliseconds request = std::chrono::seconds(30);  // until the call is complete
  std::chrono::milliseconds write = std::chrono::seconds(30);    // until the client has taken an answer, or one event
  std::size_t connections = 256;
  std::size_t queued_events = 1000;  // of one client; one that falls further behind is cut
};

class AdminServer {
 public:
  AdminServer(asio::io_context& io, AdminApi& api, Registry& registry, LifeCycle& life, ServerLimits limits = {})
      : io_(io), api_(api), registry_(registry), life_(life), limits_(limits) {}
  // `listener` is a listening Unix socket.
  void serve(UniqueFd listener);

 private:
  using Socket = asio::local::stream_protocol::socket;
  asio::awaitable<void> accept_all(asio::local::stream_protocol::acceptor acceptor);
  asio::awaitable<void> serve_one(Socket socket);
  asio::awaitable<void> answer(Socket& socket, admin::IncomingCall call);
  asio::awaitable<void> stream_events(Socket& socket, std::string subject);
  asio::awaitable<void> stream_stats(Socket& socket, std::string subject);
  asio::awaitable<bool> write(Socket& socket, Bytes const& bytes);
  asio::io_context& io_;
  AdminApi& api_;
  Registry& registry_;
  LifeCycle& life_;
  ServerLimits limits_;
  std::size_t open_ = 0;
};

}  // namespace bh::dom0
