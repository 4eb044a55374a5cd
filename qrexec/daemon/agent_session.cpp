#include "qrexec/daemon/agent_session.h"

#include <algorithm>
#include <cerrno>

#include "base/display_text.h"
#include "base/log.h"
#include "base/unix_socket.h"

namespace bh::qrexec {

namespace {

constexpr std::chrono::seconds kFrameTime{30};    // from a frame's first byte to its last
constexpr std::chrono::seconds kClientTime{60};   // from a client's connection to its command
constexpr std::size_t kNoSlot = SIZE_MAX;
constexpr std::string_view kDefaultUser = "DEFAULT:";

Failure<Error> bad_agent(std::string const& why) { return Failure{Error{"the qube's agent sent " + why, EPROTO}}; }

}  // namespace

Result<AgentSession> AgentSession::begin(DaemonOptions const& options, FramedStream agent, PortTable& ports,
                                         vchan::PairGrants& grants, StartWorker start_worker) {
  BH_TRY(names, LocalNames::create(options));
  ports.begin_session();
  return AgentSession(options, std::move(agent), std::move(names), ports, grants, std::move(start_worker));
}

void AgentSession::fill(PollSet& set) {
  // While the agent does not read, nobody gets to produce more for it.
  bool const room = agent_.has_room();
  agent_slot_ = set.add(agent_.fd(), static_cast<short>((room ? POLLIN : 0) | (agent_.pending() > 0 ? POLLOUT : 0)));
  listener_slot_ = clients_.size() < kMaxClients ? set.add(names_.listener(), POLLIN) : kNoSlot;
  for (auto& [id, client] : clients_) {
    client.slot = set.add(client.stream.fd(), static_cast<short>((room ? POLLIN : 0) | (client.stream.pending() > 0 ? POLLOUT : 0)));
  }
}

Result<void> AgentSession::handle(PollSet const& set) {
  BH_CHECK(handle_agent(set.at(agent_slot_)));
  for (auto entry = clients_.begin(); entry != clients_.end();) {
    auto& [id, client] = *entry;
    bool const late = client.state != Client::State::running && Clock::now() > client.deadline;
    bool const stays = client.slot == kNoSlot || (!late && handle_client(id, client, set.at(client.slot)));
    entry = stays ? std::next(entry) : clients_.erase(entry);
  }
  if (listener_slot_ != kNoSlot && set.at(listener_slot_) != 0) accept_clients();
  BH_TRY(connected, agent_.flush());
  if (!connected) return Failure{Error{"the qube's agent is gone", ECONNRESET}};
  return {};
}

bool AgentSession::has_deadlines() const {
  return frame_deadline_ || std::any_of(clients_.begin(), clients_.end(), [](auto const& entry) { return entry.second.state != Client::State::running; });
}

Result<void> AgentSession::handle_agent(short events) {
  if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) {
    BH_TRY(connected, agent_.receive());
    if (!connected) return Failure{Error{"the qube's agent is gone", ECONNRESET}};
  }
  while (agent_.has_room()) {
    auto const frame = agent_.next();
    if (!frame) return bad_agent(to_string(frame.error()));
    if (!*frame) break;
    frame_deadline_.reset();
    BH_CHECK(agent_frame(**frame));
  }
  if (!agent_.in_frame()) frame_deadline_.reset();
  if (agent_.in_frame() && !frame_deadline_) frame_deadline_ = Clock::now() + kFrameTime;
  if (frame_deadline_ && Clock::now() > *frame_deadline_) return bad_agent("half a message and no more");
  return {};
}

Result<void> AgentSession::agent_frame(Frame const& frame) {
  if (frame.type == MessageType::connection_terminated) {
    auto const ended = decode_terminated(frame);
    if (!ended) return bad_agent(to_string(ended.error()));
    auto const released = ports_.release(ended->other_end);
    if (released.what == PortTable::Released::impossible_port) return bad_agent("the end of a call on an impossible port");
    if (ended->other_end.domain != kDom0) grants_.take_back(ended->other_end.domain, ended->other_end.port);
    // Closing the client that asked for the call tells it that the call is over.
    if (released.client) clients_.erase(*released.client);
    return {};
  }
  // GUARD: whatever the qube asks for exists from here on only as a TriggerRequest of checked names.
  auto const trigger = decode_trigger(frame);
  if (!trigger) return bad_agent(to_string(trigger.error()));
  take_trigger(*trigger);
  return {};
}

void AgentSession::take_trigger(Trigger const& trigger) {
  auto const refused = [&](std::string const& why) {
    log::warning("request refused: " + why);
    refuse(trigger.ident);
  };
  if (!trigger.request) return refused(std::string("a name in it ") + to_string(trigger.request.error()));
  if (requests_.has(trigger.request->ident)) return refused("its id is in use already");
  if (requests_.full()) return refused("too many requests wait for a decision");
  auto const worker = start_worker_(*trigger.request);
  if (!worker) return refused(worker.error().message);
  requests_.add(trigger.request->ident, *worker);
}

void AgentSession::worker_ended(int pid) {
  if (auto const open = requests_.worker_ended(pid)) refuse(open->raw());
}

void AgentSession::accept_clients() {
  while (clients_.size() < kMaxClients) {
    auto socket = accept_unix(names_.listener());
    if (!socket) return;
    auto stream = FramedStream::over(*std::move(socket), Direction::client_to_daemon);
    if (!stream) return;
    stream->queue(encode(Hello{kClientSocketVersion}));
    if (!stream->flush()) continue;
    clients_.emplace(ports_.new_client(), Client{*std::move(stream), Client::State::hello, Clock::now() + kClientTime, kNoSlot});
  }
}

bool AgentSession::handle_client(ClientId id, Client& client, short events) {
  if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) {
    auto const connected = client.stream.receive();
    if (!connected || !*connected) return false;
  }
  for (;;) {
    auto const frame = client.stream.next();
    if (!frame) {
      log::warning(std::string("a local client sent ") + to_string(frame.error()));
      return false;
    }
    if (!*frame) break;
    if (!client_frame(id, client, **frame)) return false;
  }
  if (client.state == Client::State::running && client.stream.in_frame()) {
    log::warning("a local client sent something after its command");
    return false;
  }
  auto const flushed = client.stream.flush();
  return flushed.ok() && *flushed;
}

bool AgentSession::client_frame(ClientId id, Client& client, Frame const& frame) {
  if (client.state == Client::State::running) return false;
  if (client.state == Client::State::hello) {
    auto const hello = decode_hello(frame);
    if (!hello || hello->version < kClientSocketVersion) return false;
    client.stream.agree_on(kClientSocketVersion);
    client.state = Client::State::command;
    return true;
  }
  auto message = decode_from_client(frame);
  if (!message) {
    log::warning(std::string("a local client: ") + to_string(message.error()));
    return false;
  }
  client.state = Client::State::running;
  if (auto* exec = std::get_if<Exec>(&*message)) return client_exec(id, client, std::move(*exec));
  return client_connect(id, client, std::move(std::get<ServiceConnect>(*message)));
}

bool AgentSession::client_exec(ClientId id, Client& client, Exec exec) {
  if (exec.command.starts_with(kDefaultUser)) {
    exec.command.replace(0, kDefaultUser.size(), options_.default_user + ':');
  }
  if (exec.other_end.port.value() == 0) {
    auto const port = ports_.reserve(exec.other_end.domain, id);
    if (!port) {
      log::error("no port is free: too many calls at once");
      return false;
    }
    exec.other_end.port = *port;
  } else if (exec.other_end.port.value() < 513 || exec.other_end.port.value() > 768) {
    return false;
  }
  if (exec.other_end.domain != kDom0) {
    // The caller's qube serves this call's channel, and may now be seen doing so.
    if (auto const given = grants_.give(exec.other_end.domain, exec.other_end.port); !given) {
      log::error(given.error().message);
      return false;
    }
  }
  auto const request = exec.mode == ExecMode::just_exec ? MessageType::just_exec : MessageType::exec_cmdline;
  client.stream.queue(encode(Assigned{request, {options_.domain, exec.other_end.port}}));
  agent_.queue(encode(exec));
  return true;
}

bool AgentSession::client_connect(ClientId id, Client& client, ServiceConnect connect) {
  if (!requests_.has(connect.ident)) {
    log::warning("a local client answered a request that is not open");
    return false;
  }
  if (connect.other_end.port.value() == 0) {
    if (connect.other_end.domain != kDom0) return false;
    auto const port = ports_.reserve(kDom0, id);
    if (!port) return false;
    connect.other_end.port = *port;
    client.stream.queue(encode(Assigned{MessageType::service_connect, {options_.domain, *port}}));
  }
  requests_.answer(connect.ident);
  agent_.queue(encode(connect));
  return true;
}

}  // namespace bh::qrexec
