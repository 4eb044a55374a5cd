// DaemonChannel: the agent's end of the window channel: vchan server for dom0 at port 6000, handshake, messages in, queue out. When
// the daemon goes away it listens again. The daemon is trusted but may be slow or half dead, hence the deadlines.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "gui-daemon/agent/wayland/resource.h"
#include "gui-daemon/agent/window/display_link.h"
#include "gui-daemon/protocol/handshake.h"
#include "gui-daemon/protocol/to_agent.h"
#include "hypervisor/vchan/server.h"

namespace bh::gui_agent {

struct ChannelEvents {
  std::function<void(gui::ScreenInfo const&)> connected;
  std::function<void(gui::WindowId, gui::to_agent::Message const&)> message;
  std::function<void()> lost;
};

class DaemonChannel : public DisplayLink {
 public:
  // Bytes that wait for a daemon that does not read; beyond it the connection is given up.
  static constexpr std::size_t kMaxQueue = 10'000'000;
  static constexpr int kDeadlineMs = 10'000;
  static constexpr int kListenAgainMs = 1'000;

  // `loop` outlives the channel. Set events before start().
  DaemonChannel(wl_event_loop* loop, std::filesystem::path directory, vchan::ChannelName name);

  void set_events(ChannelEvents events) { events_ = std::move(events); }
  // Fails if the channel's folder cannot be listened in.
  Result<void> start();

  [[nodiscard]] bool connected() const override { return state_ == State::ready; }
  void send(gui::WindowId window, gui::from_agent::Message const& message) override;
  // Writes what the channel takes now; called before the loop sleeps.
  void flush();

 private:
  enum class State { listening, version, screen, ready };
  static int on_listener(int fd, std::uint32_t mask, void* self);
  static int on_stream(int fd, std::uint32_t mask, void* self);
  static int on_timer(void* self);

  void accept_peer();
  void readable();
  [[nodiscard]] Result<void, gui::ProtocolError> process();
  [[nodiscard]] bool handshake_step(std::optional<gui::ProtocolError>& error);
  void write_queue();
  void lose(std::string_view reason);

  wl_event_loop* loop_;
  std::filesystem::path directory_;
  vchan::ChannelName name_;
  ChannelEvents events_;

  State state_ = State::listening;
  std::optional<vchan::Server> server_;
  UniqueFd stream_;
  gui::MessageStream incoming_{gui::Direction::to_agent};
  Bytes queue_;
  std::size_t queue_start_ = 0;
  EventSource listener_source_;
  EventSource stream_source_;
  EventSource timer_;
  std::string give_up_;  // reason to lose the connection once it is safe
  bool deadline_set_ = false;
};

}  // namespace bh::gui_agent
