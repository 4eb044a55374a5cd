// Session: the channel to one qube's agent: connects for ever, shakes hands, feeds checked messages to the model, and ends the
// connection, never the daemon, when the agent breaks the rules.
#pragma once

#include <poll.h>

#include <filesystem>
#include <functional>
#include <optional>

#include "gui-daemon/daemon/app/message_budget.h"
#include "gui-daemon/daemon/app/send_queue.h"
#include "gui-daemon/daemon/core/keyboard.h"
#include "gui-daemon/daemon/core/window_model.h"
#include "gui-daemon/protocol/handshake.h"
#include "hypervisor/vchan/client.h"

namespace bh::gui {

class Session final : public AgentLink {
 public:
  struct Config {
    std::filesystem::path vchan_directory;
    vchan::ChannelName channel;
    checked::Limits limits;
    std::chrono::milliseconds retry{100};
    std::chrono::milliseconds retry_after_fault{1000};  // so that a hostile agent costs little
    std::chrono::milliseconds partial_limit{10'000};    // half a message, or no handshake, for so long
  };
  explicit Session(Config config) : config_(std::move(config)) {}

  // Before the first turn(): the model and keyboard that hold this connection's state, and what the handshake needs of the screen.
  void attach(WindowModel& model, Keyboard& keyboard) {
    model_ = &model;
    keyboard_ = &keyboard;
  }
  std::function<ScreenInfo()> screen_info;
  std::function<std::optional<to_agent::KeymapNames>()> keymap_names;

  void send(WindowId window, to_agent::Message const& message) override;
  void send_keymap_names();

  // For poll(): nothing to watch while not connected.
  [[nodiscard]] std::optional<pollfd> poll_entry() const;
  // When turn() wants to be called though nothing happened.
  [[nodiscard]] std::optional<Deadline> wake_at() const;
  // Connects if it is time, reads once and handles what is whole, writes what can be written. Never waits.
  void turn(Deadline now);
  // Sends what has been queued since turn() as far as it goes now: FRAME_DONE is not to wait for another round of poll(). A failure is met by the
  // next turn(), which then ends the connection.
  void send_queued();

 private:
  enum class State { waiting, handshake, running };
  void connect(Deadline now);
  // What waits since a pause, then what the socket has.
  void proceed(Deadline now);
  void read(Deadline now);
  void answer_handshake();
  // True: at least one was whole.
  bool handle_messages(Deadline now);
  void note(Reject const& reject, MessageType type);
  void write();
  void disconnect(std::string_view why, bool fault);

  Config config_;
  WindowModel* model_ = nullptr;
  Keyboard* keyboard_ = nullptr;
  State state_ = State::waiting;
  UniqueFd socket_;
  MessageStream stream_{Direction::to_daemon};
  SendQueue queue_;
  bool overflow_ = false;
  Deadline next_try_{};
  std::optional<Deadline> owed_since_;  // part of a message is there since
  MessageBudget budget_;                   // outlives the connection: a new one is no new budget
  std::optional<Deadline> paused_until_;   // it is used up; whole messages may wait in the stream
  unsigned notes_ = 0;
};

}  // namespace bh::gui
