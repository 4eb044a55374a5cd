// One connection with the qube's agent, from HELLO to its end: local clients in, requests of the qube out to workers.
// A bad message of the agent ends the session; one of a client ends that client.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "hypervisor/vchan/pair_grants.h"
#include "qrexec/daemon/local_names.h"
#include "qrexec/daemon/pending_requests.h"
#include "qrexec/daemon/port_table.h"
#include "qrexec/protocol/trigger_codec.h"
#include "qrexec/stream/call_events.h"
#include "qrexec/stream/framed_stream.h"

namespace bh::qrexec {

// Starts a process that decides about the request; its pid.
using StartWorker = std::function<Result<int>(TriggerRequest const&)>;

class AgentSession {
 public:
  static constexpr std::size_t kMaxClients = 256;

  // `agent` has said HELLO and got its answer. Makes the local socket and its names.
  static Result<AgentSession> begin(DaemonOptions const& options, FramedStream agent, PortTable& ports,
                                    vchan::PairGrants& grants, StartWorker start_worker);

  void fill(PollSet& set);
  // After poll: all that is ready. An error ends the session; its text says why.
  Result<void> handle(PollSet const& set);
  // Somebody has begun a message or not yet asked for a thing: handle() wants to be called now and then to look at the clock.
  [[nodiscard]] bool has_deadlines() const;
  void worker_ended(int pid);
  // Workers whose requests nobody waits for any more.
  std::vector<int> abandon_requests() { return requests_.abandon(); }

 private:
  struct Client {
    enum class State : std::uint8_t { hello, command, running };
    FramedStream stream;
    State state = State::hello;
    Deadline deadline;
    std::size_t slot = 0;  // in the poll set
  };

  AgentSession(DaemonOptions const& options, FramedStream agent, LocalNames names, PortTable& ports, vchan::PairGrants& grants,
               StartWorker start_worker)
      : options_(options), agent_(std::move(agent)), names_(std::move(names)), ports_(ports), grants_(grants), start_worker_(std::move(start_worker)) {}

  Result<void> handle_agent(short events);
  Result<void> agent_frame(Frame const& frame);
  void take_trigger(Trigger const& trigger);
  void refuse(RawIdent const& ident) { agent_.queue(encode(ServiceRefused{ident})); }

  void accept_clients();
  // False: the client is to be closed.
  bool handle_client(ClientId id, Client& client, short events);
  bool client_frame(ClientId id, Client& client, Frame const& frame);
  bool client_exec(ClientId id, Client& client, Exec exec);
  bool client_connect(ClientId id, Client& client, ServiceConnect connect);

  DaemonOptions const& options_;
  FramedStream agent_;
  LocalNames names_;
  PortTable& ports_;
  vchan::PairGrants& grants_;
  StartWorker start_worker_;
  PendingRequests requests_;
  std::map<ClientId, Client> clients_;
  std::optional<Deadline> frame_deadline_;
  std::size_t agent_slot_ = 0;
  std::size_t listener_slot_ = 0;
};

}  // namespace bh::qrexec
