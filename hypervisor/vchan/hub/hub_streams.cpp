// The programs' side of the hub: mirrors, connections to real servers, bytes in and out of streams.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/log.h"
#include "hypervisor/vchan/client.h"
#include "hypervisor/vchan/hub/hub.h"

namespace bh::vchan {

namespace {

constexpr std::size_t kTurn = 32 * 1024;  // a stream's share of one round
constexpr std::chrono::milliseconds kConnectEvery{20};

// Ends a stream so that the program reads what it was sent and then a clean end: closing with unread bytes would be a reset.
void close_cleanly(UniqueFd fd) {
  if (!fd.open()) return;
  ::shutdown(fd.borrow(), SHUT_RDWR);
  std::array<std::byte, 16384> unread;
  for (;;) {
    auto const got = read_some(fd, unread);
    if (!got || *got == 0) return;
  }
}

}  // namespace

void Hub::make_mirror(mux::MakeMirror const& mirror) {
  auto server = Server::listen(options_.directory, mirror.name, options_.socket_mode);
  if (!server) {
    log::error("cannot mirror " + mirror.name.file_name() + ": " + server.error().message);
    return;
  }
  log::debug("mirror " + std::to_string(mirror.listener.value()) + " " + mirror.name.file_name());
  mirrors_.emplace(mirror.listener, *std::move(server));
}

void Hub::accept_mirror(mux::ListenerId listener) {
  auto const found = mirrors_.find(listener);
  if (found == mirrors_.end() || !engine_.may_open()) return;
  auto peer = found->second.accept(Clock::now());
  if (!peer) return;
  mirrors_.erase(found);
  auto const stream = engine_.mirror_accepted(listener);
  if (!stream) return;
  log::debug("stream " + std::to_string(stream->value()) + " from mirror " + std::to_string(listener.value()));
  if (auto const done = set_nonblocking(*peer, true); !done) {
    log::error(done.error().message);
    engine_.local_ended(*stream);
    return;
  }
  locals_.emplace(*stream, Local{*std::move(peer), {}, {}, {}, {}, false});
}

void Hub::try_local_connects(Deadline now) {
  std::vector<mux::StreamId> refused;
  std::vector<mux::StreamId> connected;
  for (auto& [id, local] : locals_) {
    if (local.fd.open() || local.connect_again > now) continue;
    auto stream = try_connect(options_.directory, local.name);
    if (stream && *stream && set_nonblocking(**stream, true)) {
      local.fd = **std::move(stream);
      connected.push_back(id);
      continue;
    }
    // A server is visible from bind on and answers from listen on; one that stays silent has died and left its name.
    std::error_code ignored;
    bool const there = std::filesystem::exists(options_.directory / local.name.file_name(), ignored);
    if (!stream || !there || now >= local.connect_until) refused.push_back(id);
    local.connect_again = now + kConnectEvery;
  }
  for (auto const id : connected) flush_local(id);
  for (auto const id : refused) end_local(id);
}

void Hub::end_local(mux::StreamId id) {
  auto const found = locals_.find(id);
  if (found == locals_.end()) return;
  log::debug("stream " + std::to_string(id.value()) + " ended");
  close_cleanly(std::move(found->second.fd));
  locals_.erase(found);
  engine_.local_ended(id);
}

void Hub::deliver(mux::Deliver const& data) {
  auto const found = locals_.find(data.stream);
  if (found == locals_.end()) return;
  found->second.pending.append(data.bytes);
  flush_local(data.stream);
}

void Hub::flush_local(mux::StreamId id) {
  auto const found = locals_.find(id);
  if (found == locals_.end() || !found->second.fd.open()) return;
  Local& local = found->second;
  while (!local.pending.empty()) {
    auto const put = write_some(local.fd, local.pending.view());
    if (!put && put.error().errno_value == EAGAIN) return;
    // The program is gone. What it wrote before is still to be read, unless the other side has left too.
    if (!put && !local.closing) {
      engine_.local_written(id, local.pending.size());
      local.pending.clear();
      return;
    }
    if (!put) break;
    local.pending.consume(*put);
    engine_.local_written(id, *put);
  }
  if (local.closing) end_local(id);
}

// Every stream with something to say gets one turn; who could not be served because the link is full is first next time.
void Hub::serve_streams() {
  std::vector<mux::StreamId> ready;
  for (std::size_t i = 0; i < polled_.size(); ++i) {
    bool const readable = (polled_[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && (polled_[i].events & POLLIN) != 0;
    if (interests_[i].kind == Kind::stream && readable) ready.push_back(mux::StreamId(interests_[i].id));
  }
  std::sort(ready.begin(), ready.end());
  auto const first = std::upper_bound(ready.begin(), ready.end(), last_served_);
  std::rotate(ready.begin(), first, ready.end());
  for (auto const id : ready) {
    if (!engine_.wants_input()) return;
    last_served_ = id;
    read_local(id);
  }
}

void Hub::read_local(mux::StreamId id) {
  auto const found = locals_.find(id);
  std::size_t const room = std::min(kTurn, engine_.budget(id));
  if (found == locals_.end() || room == 0) return;
  auto const got = read_some(found->second.fd, std::span(buffer_).first(room));
  if (!got && got.error().errno_value == EAGAIN) return;
  if (!got || *got == 0) return end_local(id);
  engine_.local_data(id, ByteSpan(buffer_).first(*got));
}

}  // namespace bh::vchan
