#include "dom0/core/app/admin_server.h"

#include <unistd.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <deque>
#include <map>

#include "base/log.h"
#include "base/number.h"
#include "base/posix_io.h"
#include "base/unix_socket.h"
#include "dom0/core/life/process_stats.h"
#include "dom0/core/model/property.h"

namespace bh::dom0 {

namespace {

using asio::use_awaitable;

// Closes the socket when time is up, unless it goes out of scope before.
class Limit {
 public:
  Limit(asio::local::stream_protocol::socket& socket, std::chrono::milliseconds time) : timer_(socket.get_executor(), time) {
    timer_.async_wait([&socket, alive = std::weak_ptr<int>(alive_)](std::error_code error) {
      std::error_code ignored;
      if (!error && !alive.expired()) socket.close(ignored);
    });
  }

 private:
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  asio::steady_timer timer_;
};

// GUARD: the socket's mode keeps other users out only as long as nobody loosens it or a folder above; whoever calls here rules all qubes.
bool is_own_user(asio::local::stream_protocol::socket& socket) {
  UniqueFd borrowed(socket.native_handle());
  auto const peer = peer_credentials(borrowed);
  [[maybe_unused]] int const still_the_sockets = borrowed.release();
  return peer && (peer->uid == ::geteuid() || peer->uid == 0);
}

void rethrow(std::exception_ptr problem) {
  if (problem) std::rethrow_exception(problem);
}

}  // namespace

void AdminServer::serve(UniqueFd listener) {
  asio::local::stream_protocol::acceptor acceptor(io_, asio::local::stream_protocol(), listener.release());
  asio::co_spawn(io_, accept_all(std::move(acceptor)), rethrow);
}

asio::awaitable<void> AdminServer::accept_all(asio::local::stream_protocol::acceptor acceptor) {
  for (;;) {
    std::error_code error;
    Socket socket = co_await acceptor.async_accept(asio::redirect_error(use_awaitable, error));
    if (error == asio::error::operation_aborted) co_return;
    if (error || open_ >= limits_.connections) {
      // Out of descriptors or too many clients: let some finish before the next is taken.
      if (!error) log::warning("more than " + std::to_string(limits_.connections) + " clients at once; one is refused");
      asio::steady_timer timer(io_, std::chrono::milliseconds(error ? 100 : 0));
      co_await timer.async_wait(asio::redirect_error(use_awaitable, error));
      continue;
    }
    if (!is_own_user(socket)) {
      log::warning("a caller of another user is refused");
      continue;
    }
    ++open_;
    asio::co_spawn(io_, serve_one(std::move(socket)), [this](std::exception_ptr problem) {
      --open_;
      rethrow(problem);
    });
  }
}

asio::awaitable<void> AdminServer::serve_one(Socket socket) {
  Bytes request;
  {
    Limit const limit(socket, limits_.request);
    std::array<std::byte, 8192> chunk{};
    for (;;) {
      std::error_code error;
      std::size_t const count = co_await socket.async_read_some(asio::buffer(chunk), asio::redirect_error(use_awaitable, error));
      request.insert(request.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(count));
      // GUARD: a client that would make us buffer without end.
      if (request.size() > admin::kMaxRequest) co_return;
      if (error == asio::error::eof) break;
      if (error) co_return;
    }
  }
  auto call = admin::parse_call(request);
  if (!call) {
    log::debug(std::string("a broken call: ") + admin::to_string(call.error()));
    co_return;
  }
  co_await answer(socket, std::move(*call));
}

asio::awaitable<void> AdminServer::answer(Socket& socket, admin::IncomingCall call) {
  auto const stream = AdminApi::stream_of(call);
  if (stream != AdminApi::Stream::none) {
    auto const subject = api_.open_stream(call);
    if (!subject) {
      co_await write(socket, admin::encode_reply(subject));
    } else if (stream == AdminApi::Stream::events) {
      co_await stream_events(socket, *subject);
    } else {
      co_await stream_stats(socket, *subject);
    }
    co_return;
  }
  // The answer may come at once or after minutes; the timer stands for "not yet".
  struct Pending {
    explicit Pending(asio::io_context& io) : wake(io, asio::steady_timer::time_point::max()) {}
    asio::steady_timer wake;
    std::optional<admin::Reply> reply;
  };
  auto const pending = std::make_shared<Pending>(io_);
  api_.handle(std::move(call), [pending](admin::Reply reply) {
    pending->reply = std::move(reply);
    pending->wake.cancel();
  });
  std::error_code ignored;
  if (!pending->reply) co_await pending->wake.async_wait(asio::redirect_error(use_awaitable, ignored));
  if (pending->reply) co_await write(socket, admin::encode_reply(*pending->reply));
}

asio::awaitable<bool> AdminServer::write(Socket& socket, Bytes const& bytes) {
  Limit const limit(socket, limits_.write);
  std::error_code error;
  co_await asio::async_write(socket, asio::buffer(bytes), asio::redirect_error(use_awaitable, error));
  co_return !error;
}

namespace {

// Events for one client, waiting to be sent.
struct Mailbox {
  explicit Mailbox(asio::io_context& io) : wake(io) {}
  std::deque<Bytes> frames;
  bool overflowed = false;
  bool client_gone = false;
  asio::steady_timer wake;
};

// The client says no more after its call, so the next thing to read is that it is gone (or misbehaves).
asio::awaitable<void> watch_client(asio::local::stream_protocol::socket& socket, std::shared_ptr<Mailbox> mailbox) {
  std::error_code error;
  co_await socket.async_wait(asio::local::stream_protocol::socket::wait_error, asio::redirect_error(use_awaitable, error));
  mailbox->client_gone = true;
  mailbox->wake.cancel();
}

// watch_client still refers to the socket: it ends once the socket is closed, before the socket's owner goes.
asio::awaitable<void> end_stream(asio::local::stream_protocol::socket& socket, std::shared_ptr<Mailbox> mailbox) {
  std::error_code ignored;
  socket.close(ignored);
  while (!mailbox->client_gone) co_await asio::post(socket.get_executor(), use_awaitable);
}

}  // namespace

asio::awaitable<void> AdminServer::stream_events(Socket& socket, std::string subject) {
  auto const mailbox = std::make_shared<Mailbox>(io_);
  auto const subscription = registry_.subscribe([mailbox, subject, limit = limits_.queued_events](admin::Event const& event) {
    bool const about_subject = event.subject == subject || event.value("vm") == subject;
    if (!subject.empty() && !about_subject) return;
    if (mailbox->frames.size() >= limit) mailbox->overflowed = true;
    else mailbox->frames.push_back(admin::encode_event(event));
    mailbox->wake.cancel();
  });
  mailbox->frames.push_back(admin::encode_event({"", "connection-established"}));
  asio::co_spawn(io_, watch_client(socket, mailbox), [mailbox](std::exception_ptr problem) { rethrow(problem); });
  while (!mailbox->overflowed && !mailbox->client_gone) {
    if (mailbox->frames.empty()) {
      std::error_code ignored;
      mailbox->wake.expires_at(asio::steady_timer::time_point::max());
      co_await mailbox->wake.async_wait(asio::redirect_error(use_awaitable, ignored));
      continue;
    }
    Bytes const frame = std::move(mailbox->frames.front());
    mailbox->frames.pop_front();
    bool const taken = co_await write(socket, frame);
    if (!taken) break;
  }
  if (mailbox->overflowed) log::warning("a client of admin.Events does not read; it is cut");
  co_await end_stream(socket, mailbox);
}

namespace {

// One vm-stats event; `before` is the qube's CPU time at the last one, `span` the time since then.
admin::Event stats_event(Inventory const& inventory, Qube const& qube, int pid, std::uint64_t cpu, std::optional<std::uint64_t> before,
                         std::chrono::nanoseconds span) {
  auto const vcpus = static_cast<std::uint64_t>(std::max(1, number_of(inventory, qube, "vcpus")));
  std::uint64_t usage = 0;
  if (before && cpu > *before && span.count() > 0) usage = (cpu - *before) * 100 / static_cast<std::uint64_t>(span.count()) / vcpus;
  std::string const memory = std::to_string(static_cast<std::uint64_t>(number_of(inventory, qube, "memory")) * 1024);
  return {qube.name.text(), "vm-stats",
          {{"memory_kb", memory}, {"memory_assigned_total", memory}, {"memory_assigned_usable", memory},
           {"memory_with_swap_used", std::to_string(process_resident_kib(pid))}, {"cpu_time", std::to_string(cpu / 1'000'000)},
           {"cpu_usage", std::to_string(std::min<std::uint64_t>(usage, 100))}, {"online_vcpus", std::to_string(vcpus)}}};
}

std::chrono::seconds stats_interval(Inventory const& inventory) {
  return std::chrono::seconds(parse_decimal(evaluate_setting(inventory, *find_setting("stats_interval")).value, 3600).value_or(3));
}

}  // namespace

asio::awaitable<void> AdminServer::stream_stats(Socket& socket, std::string subject) {
  auto const mailbox = std::make_shared<Mailbox>(io_);
  mailbox->frames.push_back(admin::encode_event({"", "connection-established"}));
  asio::co_spawn(io_, watch_client(socket, mailbox), [mailbox](std::exception_ptr problem) { rethrow(problem); });
  std::map<std::string, std::uint64_t> last_cpu;
  auto last_time = Clock::now();
  while (!mailbox->client_gone) {
    auto const now = Clock::now();
    Inventory const& inventory = registry_.inventory();
    for (auto const& [name, qube] : inventory.qubes()) {
      int const pid = life_.info(name).pid;
      if (pid == 0 || (!subject.empty() && subject != name)) continue;
      std::uint64_t const cpu = process_cpu_time_ns(pid);
      auto const before = last_cpu.find(name);
      mailbox->frames.push_back(admin::encode_event(
          stats_event(inventory, qube, pid, cpu, before == last_cpu.end() ? std::nullopt : std::optional(before->second), now - last_time)));
      last_cpu[name] = cpu;
    }
    last_time = now;
    bool taken = true;
    while (taken && !mailbox->frames.empty()) {
      Bytes const frame = std::move(mailbox->frames.front());
      mailbox->frames.pop_front();
      taken = co_await write(socket, frame);
    }
    if (!taken) break;
    std::error_code ignored;
    mailbox->wake.expires_after(stats_interval(registry_.inventory()));
    if (!mailbox->client_gone) co_await mailbox->wake.async_wait(asio::redirect_error(use_awaitable, ignored));
  }
  co_await end_stream(socket, mailbox);
}

}  // namespace bh::dom0
