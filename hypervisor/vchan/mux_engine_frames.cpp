// What the peer's frames do. Every handler names the rule that was broken, or changes the state; the caller drops the session.
#include "hypervisor/vchan/mux_engine.h"

namespace bh::vchan::mux {

Actions Engine::link_bytes(ByteSpan& input, Deadline now) {
  Actions actions;
  if (phase_ == Phase::link_down) {
    input = {};
    return actions;
  }
  // Stream numbers repeat from session to session, so actions of two sessions never stand in one answer.
  Session const at_start = session_;
  while (session_ == at_start) {
    auto const frame = decoder_.next(input);
    if (!frame) break;
    auto const violation = std::visit([&](auto const& body) { return on(body, actions, now); }, *frame);
    if (violation) restart_session(actions, *violation, now);
  }
  // GUARD: a peer that makes us answer and never reads the answers.
  if (tx_.size() > kTxLimit) restart_session(actions, "the peer does not read", now);
  return actions;
}

Engine::Violation Engine::on(LostSync const& lost, Actions&, Deadline) { return phase_ == Phase::up ? Violation(lost.reason) : std::nullopt; }

Engine::Violation Engine::on(Hello const& hello, Actions& actions, Deadline) {
  if (hello.version != kVersion) return "the host speaks another version of the mux protocol";
  if (!up() || hello.session != session_) {
    auto config = GuestConfig::parse(hello.config);
    if (!config) return to_string(config.error());
    drop_session(actions, "the host began a new session");
    session_ = hello.session;
    domain_ = config->domain();
    own_number_ = config->own_number();
    writer().hello_ack(session_);
    session_began(actions, config->text());
    return std::nullopt;
  }
  // A repetition that was under way when our acknowledgement was.
  decoder_.use_session(session_);
  writer().hello_ack(session_);
  return std::nullopt;
}

Engine::Violation Engine::on(HelloAck const& ack, Actions& actions, Deadline) {
  // Late answers to an older HELLO, and second ones, are of no interest.
  if (up() || session_.value() == 0 || ack.session != session_) return std::nullopt;
  if (ack.version != kVersion) return "the guest speaks another version of the mux protocol";
  session_began(actions, {});
  return std::nullopt;
}

Engine::Violation Engine::on(HelloRequest const& request, Actions&, Deadline now) {
  if (request.version != kVersion) return "the guest speaks another version of the mux protocol";
  if (up()) return "the guest's hub began anew";
  if (!restart_pending_) greet(false, now);
  return std::nullopt;
}

Engine::Violation Engine::on(Announce const& announce, Actions& actions, Deadline) {
  // GUARD: a guest that announces servers of other domains, or as many as fit, or one twice.
  if (announce.server > kMaxDomainId || announce.client > kMaxDomainId) return "a listener with an impossible domain";
  auto const translated = from_wire({DomainId(announce.server), DomainId(announce.client), Port(announce.port)});
  if (!translated) return "a listener that is not the peer's to announce";
  ChannelName const& name = *translated;
  if (mirrors_.size() >= kMaxListeners) return "too many listeners";
  if (mirrors_.contains(announce.listener) || mirrored_names_.contains(name)) return "a listener announced twice";
  mirrors_.emplace(announce.listener, name);
  mirrored_names_.insert(name);
  actions.push_back(MakeMirror{announce.listener, name});
  return std::nullopt;
}

Engine::Violation Engine::on(Withdraw const& withdraw, Actions& actions, Deadline) {
  auto const found = mirrors_.find(withdraw.listener);
  // Used up by a connection of ours while this frame was on its way.
  if (found == mirrors_.end()) return std::nullopt;
  mirrored_names_.erase(found->second);
  mirrors_.erase(found);
  actions.push_back(RemoveMirror{withdraw.listener});
  return std::nullopt;
}

Engine::Violation Engine::on(Open const& open, Actions& actions, Deadline) {
  // GUARD: ids of ours, ids used before, more streams than agreed.
  bool const peers_parity = (open.stream.value() % 2 == 0) == (role_ == Role::guest);
  if (!peers_parity || open.stream.value() <= last_peer_stream_) return "a stream's number is not the peer's to use";
  if (opened_by_peer_ >= kMaxStreamsEachOpens) return "too many streams";
  last_peer_stream_ = open.stream.value();
  ++opened_by_peer_;
  auto& stream = streams_.emplace(open.stream, Stream{}).first->second;
  for (auto& [name, server] : own_servers_) {
    if (server.listener != open.listener || server.used) continue;
    server.used = true;
    actions.push_back(ConnectLocal{open.stream, name});
    return std::nullopt;
  }
  // The server went away while the OPEN was on its way, or never was: the same as a refused connection.
  send_close(open.stream, stream);
  return std::nullopt;
}

Engine::Violation Engine::on(DataPart const& part, Actions& actions, Deadline) {
  auto const found = streams_.find(part.stream);
  if (found == streams_.end() || found->second.close_received) return "data for a stream that is not open";
  Stream& stream = found->second;
  // GUARD: more bytes than we promised to hold.
  if (part.bytes.size() > stream.may_receive) return "more data than there was credit for";
  stream.may_receive -= static_cast<std::uint32_t>(part.bytes.size());
  if (!stream.close_sent) actions.push_back(Deliver{part.stream, part.bytes});
  return std::nullopt;
}

Engine::Violation Engine::on(Credit const& credit, Actions&, Deadline) {
  auto const found = streams_.find(credit.stream);
  if (found == streams_.end() || found->second.close_received) return "credit for a stream that is not open";
  // GUARD: sums that run over.
  if (credit.bytes == 0 || credit.bytes > kWindow - found->second.may_send) return "more credit than the window";
  found->second.may_send += credit.bytes;
  return std::nullopt;
}

Engine::Violation Engine::on(Close const& close, Actions& actions, Deadline) {
  auto const found = streams_.find(close.stream);
  if (found == streams_.end() || found->second.close_received) return "a stream closed twice";
  found->second.close_received = true;
  if (found->second.close_sent) {
    send_close(close.stream, found->second);
  } else {
    actions.push_back(CloseLocal{close.stream});
  }
  return std::nullopt;
}

}  // namespace bh::vchan::mux
