// bulkhead-hub's loop: the engine's events from descriptors, the engine's actions to descriptors. poll(2); sleeps when idle.
#pragma once

#include <poll.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hypervisor/vchan/hub/directory_watch.h"
#include "hypervisor/vchan/hub/link.h"
#include "hypervisor/vchan/mux_engine.h"
#include "hypervisor/vchan/server.h"

namespace bh::vchan {

struct HubOptions {
  mux::Role role = mux::Role::guest;
  std::filesystem::path directory;
  unsigned socket_mode = 0600;                        // of the mirrors
  std::optional<GuestConfig> config;                  // the host's, for the engine's beginning
  // The host's: the configuration as it is now, asked for at every new link; nullopt: keep the last.
  std::function<std::optional<GuestConfig>()> refresh_config;
  // The guest's: called with the text at every session; an error ends the hub.
  std::function<Result<void>(std::string const&)> take_config;
};

class Hub {
 public:
  static Result<Hub> create(HubOptions options, Link link, UniqueFd signals);
  // Until a signal arrives on `signals` (signalfd). An error: the link or the folder is gone for good.
  Result<void> run();

 private:
  // A program on our side of a stream.
  struct Local {
    UniqueFd fd;                  // not open: still connecting
    ChannelName name;             // of the real server, while connecting
    Deadline connect_again{};
    Deadline connect_until{};
    ByteQueue pending;            // for the program; at most one window
    bool closing = false;         // close when pending is empty
  };
  enum class Kind { signals, folder, link, link_wake, mirror, stream };
  struct Interest { Kind kind; std::uint32_t id; };

  Hub(HubOptions options, Link link, UniqueFd signals, DirectoryWatch watch, mux::Engine engine);
  // Between two qubes nothing is opened but what a call that policy allowed asked for.
  [[nodiscard]] bool needs_grant(ChannelName const& name) const;
  Result<void> find_servers(Result<std::vector<DirectoryWatch::Change>> changes);
  Result<void> attend_link(Deadline now);
  Result<void> read_link(Deadline now);
  void write_link();
  Result<void> link_lost(std::string const& reason, Deadline now);
  Result<void> perform(mux::Actions const& actions);
  Result<void> session_up(mux::SessionUp const& up);
  void make_mirror(mux::MakeMirror const& mirror);
  void accept_mirror(mux::ListenerId listener);
  void deliver(mux::Deliver const& data);
  void try_local_connects(Deadline now);
  void flush_local(mux::StreamId id);
  void read_local(mux::StreamId id);
  void end_local(mux::StreamId id);
  void remove_mirrors_of(std::function<bool(ChannelName const&)> const& stale);
  void collect_interests();
  [[nodiscard]] int timeout(Deadline now) const;
  Result<bool> serve_ready(Deadline now);
  void serve_streams();

  HubOptions options_;
  Link link_;
  UniqueFd signals_;
  DirectoryWatch watch_;
  mux::Engine engine_;
  std::map<mux::ListenerId, Server> mirrors_;
  std::map<mux::StreamId, Local> locals_;
  std::optional<DomainId> domain_;  // as it stands in the names of our folder
  bool servers_left_out_ = false;
  mux::StreamId last_served_{};
  std::vector<pollfd> polled_;
  std::vector<Interest> interests_;
  Bytes buffer_;
};

}  // namespace bh::vchan
