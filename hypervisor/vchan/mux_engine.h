// The mux protocol as a state machine: events in, actions out, bytes for the link in a queue. No descriptors, no clock of its own.
// It holds the identities: the host's engine of domain D makes only mirrors vchan.D.*, tells only of servers vchan.*.D.*, whatever
// a frame says. A peer that breaks a rule loses the session: all its streams and mirrors. Rules and figures: MUX.md.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "base/posix_io.h"
#include "hypervisor/vchan/guest_config.h"
#include "hypervisor/vchan/mux_decoder.h"

namespace bh::vchan::mux {

inline constexpr std::size_t kMaxListeners = 512;
inline constexpr std::size_t kMaxStreamsEachOpens = 256;  // 512 a link
inline constexpr std::uint32_t kWindow = 256 * 1024;
inline constexpr std::size_t kTxHighWater = 256 * 1024;
inline constexpr std::size_t kTxLimit = 4 * 1024 * 1024;

// What the hub has to do, in order. Spans live until the next call of the engine or the end of the input, whichever is first.
struct SessionUp { std::string config; };                           // the guest's: valid text of GuestConfig; the host's: empty
struct SessionDown { std::string reason; };                         // close all streams, remove all mirrors
struct MakeMirror { ListenerId listener; ChannelName name; };
struct RemoveMirror { ListenerId listener; };
struct ConnectLocal { StreamId stream; ChannelName name; };         // to the real server; local_ended() if it cannot be
struct Deliver { StreamId stream; ByteSpan bytes; };                // then local_written() as the program takes them
struct CloseLocal { StreamId stream; };                             // flush what was delivered, close, then local_ended()
using Action = std::variant<SessionUp, SessionDown, MakeMirror, RemoveMirror, ConnectLocal, Deliver, CloseLocal>;
using Actions = std::vector<Action>;

struct EngineOptions {
  Role role = Role::guest;
  std::optional<GuestConfig> config = std::nullopt;  // the host's
  std::function<std::uint32_t()> random;             // for session numbers
};

class Engine {
 public:
  explicit Engine(EngineOptions options);

  // The link. Times are the caller's clock.
  Actions link_up(Deadline now);
  Actions link_down(std::string_view reason);
  // Uses up the front of `input`, all of it unless a session begins or ends: do the actions, then call again until it is empty.
  Actions link_bytes(ByteSpan& input, Deadline now);
  Actions tick(Deadline now);
  [[nodiscard]] std::optional<Deadline> next_tick() const { return next_tick_; }
  [[nodiscard]] ByteSpan to_send() const { return tx_.view(); }
  void sent(std::size_t count) { tx_.consume(count); }
  // False: the link is slow; do not read streams, take connections or look at the folder for now.
  [[nodiscard]] bool wants_input() const { return tx_.size() < kTxHighWater; }
  [[nodiscard]] bool up() const { return phase_ == Phase::up; }

  // The host's: what the next HELLO carries.
  void set_config(GuestConfig config) { config_ = std::move(config); }

  // Servers in our folder; names that do not concern the other side are passed over. False: too many, ask again later.
  bool server_appeared(ChannelName const& name);
  void server_gone(ChannelName const& name);

  // A program connected to a mirror, which is used up by that. nullopt: it is not known any more; close the connection.
  std::optional<StreamId> mirror_accepted(ListenerId listener);
  [[nodiscard]] bool may_open() const { return up() && opened_by_us_ < kMaxStreamsEachOpens; }

  // How many bytes of this stream's program the peer has room for. Precondition of local_data(): no more than that.
  [[nodiscard]] std::size_t budget(StreamId stream) const;
  void local_data(StreamId stream, ByteSpan bytes);
  void local_written(StreamId stream, std::size_t count);
  // The program closed, or what CloseLocal asked for is done.
  void local_ended(StreamId stream);

 private:
  enum class Phase { link_down, greeting, up };
  struct Stream {
    bool opened_by_us = false;
    std::uint32_t may_send = kWindow;     // credit the peer gave
    std::uint32_t may_receive = kWindow;  // credit the peer holds
    std::uint32_t to_grant = 0;           // taken by the program, not yet given back as credit
    bool close_sent = false;
    bool close_received = false;
  };
  struct OwnServer {
    ListenerId listener;
    bool used = false;  // the peer connected once; a server takes one peer
  };
  using Violation = std::optional<char const*>;

  Violation on(Hello const& hello, Actions& actions, Deadline now);
  Violation on(HelloAck const& ack, Actions& actions, Deadline now);
  Violation on(HelloRequest const& request, Actions& actions, Deadline now);
  Violation on(Announce const& announce, Actions& actions, Deadline now);
  Violation on(Withdraw const& withdraw, Actions& actions, Deadline now);
  Violation on(Open const& open, Actions& actions, Deadline now);
  Violation on(DataPart const& part, Actions& actions, Deadline now);
  Violation on(Credit const& credit, Actions& actions, Deadline now);
  Violation on(Close const& close, Actions& actions, Deadline now);
  Violation on(LostSync const& lost, Actions& actions, Deadline now);

  [[nodiscard]] FrameWriter writer() { return FrameWriter(tx_); }
  void greet(bool first, Deadline now);
  void drop_session(Actions& actions, std::string reason);
  void restart_session(Actions& actions, std::string reason, Deadline now);
  void session_began(Actions& actions, std::string config);
  void announce(ChannelName const& name, OwnServer const& server);
  void send_close(StreamId id, Stream& stream);
  [[nodiscard]] bool ours_to_tell(ChannelName const& name) const;
  // Both by the numbers on the wire, which are dom0's.
  [[nodiscard]] std::optional<ChannelName> from_wire(ChannelName name) const;
  [[nodiscard]] ChannelName to_wire(ChannelName name) const;

  Role role_;
  std::function<std::uint32_t()> random_;
  std::optional<GuestConfig> config_;
  Decoder decoder_;
  ByteQueue tx_;

  Phase phase_ = Phase::link_down;
  Session session_{};
  DomainId domain_{};      // the qube's; 0 until the guest has been told
  DomainId own_number_{};  // the same as its programs call it: the guest's may be an alias
  std::optional<Deadline> next_tick_;
  bool restart_pending_ = false;
  Deadline last_start_{};

  std::map<ChannelName, OwnServer> own_servers_;
  std::map<ListenerId, ChannelName> mirrors_;
  std::set<ChannelName> mirrored_names_;
  std::map<StreamId, Stream> streams_;
  std::uint32_t next_listener_ = 1;
  std::uint32_t next_stream_ = 0;
  std::uint32_t last_peer_stream_ = 0;
  std::size_t opened_by_us_ = 0;
  std::size_t opened_by_peer_ = 0;
};

}  // namespace bh::vchan::mux
