// Sessions and what our own side does; what the peer's frames do is in mux_engine_frames.cpp.
#include "hypervisor/vchan/mux_engine.h"

#include <algorithm>

namespace bh::vchan::mux {

namespace {
constexpr std::chrono::milliseconds kGreetEvery{1000};
// A peer that breaks rules over and over costs one session a second, not a processor.
constexpr std::chrono::milliseconds kBetweenSessions{1000};
// A guest that lost its place usually hears the HELLO that was the cause; only then it asks.
constexpr std::chrono::milliseconds kAskAfter{250};
}  // namespace

Engine::Engine(EngineOptions options)
    : role_(options.role), random_(std::move(options.random)), config_(std::move(options.config)), decoder_(options.role) {
  BH_ASSERT(random_ && (role_ == Role::guest || config_));
  if (config_) domain_ = own_number_ = config_->domain();
}

Actions Engine::link_up(Deadline now) {
  Actions actions;
  drop_session(actions, "the link began anew");
  phase_ = Phase::greeting;
  greet(true, now);
  return actions;
}

Actions Engine::link_down(std::string_view reason) {
  Actions actions;
  drop_session(actions, std::string(reason));
  phase_ = Phase::link_down;
  next_tick_.reset();
  return actions;
}

Actions Engine::tick(Deadline now) {
  if (phase_ == Phase::greeting && next_tick_ && *next_tick_ <= now) greet(restart_pending_, now);
  return {};
}

void Engine::greet(bool first, Deadline now) {
  restart_pending_ = false;
  next_tick_ = now + kGreetEvery;
  if (first) {
    last_start_ = now;
    writer().padding();
    while (role_ == Role::host && (session_.value() == 0)) session_ = Session(random_());
  } else if (!tx_.empty()) {
    return;  // nobody reads: the last one still waits, another would only make the pile higher
  }
  if (role_ == Role::host) {
    writer().hello(session_, config_->text());
  } else {
    writer().hello_request();
  }
}

void Engine::drop_session(Actions& actions, std::string reason) {
  // What was decided under the old session and not yet done still concerns its streams; SessionDown ends them all.
  if (phase_ == Phase::up) actions.push_back(SessionDown{std::move(reason)});
  phase_ = Phase::greeting;
  session_ = Session{};
  decoder_.forget_session();
  tx_.clear();
  mirrors_.clear();
  mirrored_names_.clear();
  streams_.clear();
  next_stream_ = role_ == Role::host ? 2 : 1;
  last_peer_stream_ = 0;
  opened_by_us_ = opened_by_peer_ = 0;
}

void Engine::restart_session(Actions& actions, std::string reason, Deadline now) {
  drop_session(actions, std::move(reason));
  Deadline const earliest = last_start_ + kBetweenSessions;
  next_tick_ = std::max(role_ == Role::guest ? now + kAskAfter : now, earliest);
  restart_pending_ = true;
  if (*next_tick_ <= now) greet(true, now);
}

void Engine::session_began(Actions& actions, std::string config) {
  phase_ = Phase::up;
  next_tick_.reset();
  restart_pending_ = false;
  decoder_.use_session(session_);
  actions.push_back(SessionUp{std::move(config)});
  std::erase_if(own_servers_, [this](auto const& entry) { return !ours_to_tell(entry.first); });
  for (auto& [name, server] : own_servers_) {
    server.used = false;
    announce(name, server);
  }
}

void Engine::announce(ChannelName const& name, OwnServer const& server) { writer().announce(session_, server.listener, to_wire(name)); }

bool Engine::ours_to_tell(ChannelName const& name) const {
  if (name.server == name.client) return false;
  if (domain_ == kDom0) return true;  // a guest that has not been told who it is: decided when it knows
  if (role_ == Role::host) return name.client == domain_;
  // A server for our own real number is for ourselves, under whichever name.
  return name.server == own_number_ && name.client != domain_;
}

ChannelName Engine::to_wire(ChannelName name) const {
  if (role_ == Role::guest) name.server = domain_;
  return name;
}

std::optional<ChannelName> Engine::from_wire(ChannelName name) const {
  if (name.server == name.client) return std::nullopt;
  if (role_ == Role::host) return name.server == domain_ ? std::optional(name) : std::nullopt;
  // The alias is no domain's number, so nobody serves under it from outside.
  if (name.client != domain_ || name.server == own_number_) return std::nullopt;
  name.client = own_number_;
  return name;
}

bool Engine::server_appeared(ChannelName const& name) {
  if (!ours_to_tell(name)) return true;
  server_gone(name);
  if (own_servers_.size() >= kMaxListeners) return false;
  OwnServer const server{ListenerId(next_listener_++), false};
  own_servers_.emplace(name, server);
  if (up()) announce(name, server);
  return true;
}

void Engine::server_gone(ChannelName const& name) {
  auto const found = own_servers_.find(name);
  if (found == own_servers_.end()) return;
  if (up()) writer().withdraw(session_, found->second.listener);
  own_servers_.erase(found);
}

std::optional<StreamId> Engine::mirror_accepted(ListenerId listener) {
  auto const found = mirrors_.find(listener);
  // Ids are not used twice in a session; 2^31 streams in one are not expected, and refused rather than wrapped.
  if (!may_open() || found == mirrors_.end() || next_stream_ > UINT32_MAX - 2) return std::nullopt;
  mirrored_names_.erase(found->second);
  mirrors_.erase(found);
  StreamId const id(next_stream_);
  next_stream_ += 2;
  Stream stream;
  stream.opened_by_us = true;
  streams_.emplace(id, stream);
  ++opened_by_us_;
  writer().open(session_, id, listener);
  return id;
}

std::size_t Engine::budget(StreamId stream) const {
  auto const found = streams_.find(stream);
  if (!up() || found == streams_.end() || found->second.close_sent || found->second.close_received) return 0;
  return found->second.may_send;
}

void Engine::local_data(StreamId stream, ByteSpan bytes) {
  if (bytes.empty() || budget(stream) == 0) return;
  auto& state = streams_.at(stream);
  BH_ASSERT(bytes.size() <= state.may_send);
  state.may_send -= static_cast<std::uint32_t>(bytes.size());
  writer().data(session_, stream, bytes);
}

void Engine::local_written(StreamId stream, std::size_t count) {
  auto const found = streams_.find(stream);
  if (found == streams_.end()) return;
  Stream& state = found->second;
  BH_ASSERT(count <= kWindow - state.may_receive - state.to_grant);
  state.to_grant += static_cast<std::uint32_t>(count);
  // In quarters of the window: the sender never stands still, and small messages cost no frame of their own.
  if (state.to_grant < kWindow / 4 || state.close_sent || state.close_received) return;
  writer().credit(session_, stream, state.to_grant);
  state.may_receive += state.to_grant;
  state.to_grant = 0;
}

void Engine::local_ended(StreamId stream) {
  auto const found = streams_.find(stream);
  if (found != streams_.end()) send_close(stream, found->second);
}

void Engine::send_close(StreamId id, Stream& stream) {
  if (!stream.close_sent) writer().close(session_, id);
  stream.close_sent = true;
  if (!stream.close_received) return;
  --(stream.opened_by_us ? opened_by_us_ : opened_by_peer_);
  streams_.erase(id);
}

}  // namespace bh::vchan::mux
