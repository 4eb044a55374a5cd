#include "gui-daemon/agent/channel/daemon_channel.h"

#include <array>
#include <cerrno>

#include "base/log.h"

namespace bh::gui_agent {

DaemonChannel::DaemonChannel(wl_event_loop* loop, std::filesystem::path directory, vchan::ChannelName name)
    : loop_(loop), directory_(std::move(directory)), name_(name), timer_(wl_event_loop_add_timer(loop, &on_timer, this)) {}

int DaemonChannel::on_listener(int, std::uint32_t, void* self) {
  static_cast<DaemonChannel*>(self)->accept_peer();
  return 0;
}

int DaemonChannel::on_stream(int, std::uint32_t mask, void* self) {
  auto* const channel = static_cast<DaemonChannel*>(self);
  if ((mask & WL_EVENT_WRITABLE) != 0) channel->write_queue();
  // Hang-up is read too: what the daemon said last still counts, and the end of stream follows it.
  if ((mask & (WL_EVENT_READABLE | WL_EVENT_HANGUP | WL_EVENT_ERROR)) != 0 && channel->stream_.open()) channel->readable();
  return 0;
}

int DaemonChannel::on_timer(void* self) {
  auto* const channel = static_cast<DaemonChannel*>(self);
  if (channel->state_ != State::listening) {
    channel->lose("the gui daemon left a message or the handshake unfinished");
  } else if (auto const again = channel->start(); !again) {
    log::warning(again.error().message);
    wl_event_source_timer_update(channel->timer_.get(), kListenAgainMs);
  }
  return 0;
}

Result<void> DaemonChannel::start() {
  auto server = vchan::Server::listen(directory_, name_);
  if (!server) return Failure{std::move(server).error().in("cannot offer windows to the gui daemon")};
  server_.emplace(*std::move(server));
  listener_source_.reset(wl_event_loop_add_fd(loop_, server_->pollable().borrow(), WL_EVENT_READABLE, &on_listener, this));
  return {};
}

void DaemonChannel::accept_peer() {
  auto peer = server_->accept(Clock::now());
  if (!peer && peer.error().errno_value == ETIMEDOUT) return;
  listener_source_.reset();
  server_.reset();
  if (!peer || !set_nonblocking(*peer, true)) {
    log::warning(peer ? "the channel cannot be made non-blocking" : peer.error().message);
    wl_event_source_timer_update(timer_.get(), kListenAgainMs);
    return;
  }
  stream_ = *std::move(peer);
  state_ = State::version;
  incoming_ = gui::MessageStream(gui::Direction::to_agent);
  queue_ = gui::encode_version(gui::kOurVersion);
  queue_start_ = 0;
  stream_source_.reset(wl_event_loop_add_fd(loop_, stream_.borrow(), WL_EVENT_READABLE, &on_stream, this));
  wl_event_source_timer_update(timer_.get(), kDeadlineMs);
  deadline_set_ = true;
  write_queue();
}

void DaemonChannel::readable() {
  std::array<std::byte, 65536> chunk;
  auto const got = read_some(stream_, chunk);
  if (!got) {
    if (got.error().errno_value == EAGAIN || got.error().errno_value == EWOULDBLOCK) return;
    return lose(got.error().message);
  }
  if (*got == 0) return lose("the gui daemon closed the channel");
  auto done = incoming_.append(ByteSpan(chunk).first(*got));
  if (done) done = process();
  if (!done) return lose(gui::describe(done.error()));
  bool const owed = state_ != State::ready || incoming_.partial();
  if (owed != deadline_set_) wl_event_source_timer_update(timer_.get(), owed ? kDeadlineMs : 0);
  deadline_set_ = owed;
}

// True: something was taken off the stream.
bool DaemonChannel::handshake_step(std::optional<gui::ProtocolError>& error) {
  auto const head = incoming_.take_plain(state_ == State::version ? gui::kVersionSize : gui::kScreenInfoSize);
  if (!head) return false;
  if (state_ == State::version) {
    auto const word = gui::decode_version(*head);
    auto const agreed = word ? gui::accept_negotiated(*word) : word;
    if (!agreed) error = agreed.error();
    state_ = State::screen;
    return agreed.ok();
  }
  auto const screen = gui::decode_screen_info(*head);
  if (!screen) {
    error = screen.error();
    return false;
  }
  state_ = State::ready;
  log::info("the gui daemon is there, screen " + std::to_string(screen->width) + "x" + std::to_string(screen->height));
  events_.connected(*screen);
  return true;
}

Result<void, gui::ProtocolError> DaemonChannel::process() {
  while (state_ != State::ready) {
    std::optional<gui::ProtocolError> error;
    bool const progress = handshake_step(error);
    if (error) return Failure{*error};
    if (!progress) return {};
  }
  for (;;) {
    auto raw = incoming_.next();
    if (!raw) return Failure{raw.error()};
    if (!raw->has_value()) return {};
    auto const message = gui::to_agent::decode(**raw);
    if (!message) return Failure{message.error()};
    events_.message((*raw)->window, *message);
  }
}

void DaemonChannel::send(gui::WindowId window, gui::from_agent::Message const& message) {
  if (state_ != State::ready || !give_up_.empty()) return;
  Bytes const bytes = gui::from_agent::encode(window, message);
  if (queue_.size() - queue_start_ + bytes.size() > kMaxQueue) {
    // Windows are in the middle of something now; the connection ends in flush().
    give_up_ = "the gui daemon does not read; its queue is full";
    return;
  }
  queue_.insert(queue_.end(), bytes.begin(), bytes.end());
}

void DaemonChannel::flush() {
  if (!give_up_.empty()) return lose(std::exchange(give_up_, {}));
  if (stream_.open() && queue_.size() != queue_start_) write_queue();
}

void DaemonChannel::write_queue() {
  while (queue_start_ < queue_.size()) {
    auto const written = write_some(stream_, ByteSpan(queue_).subspan(queue_start_));
    if (!written) {
      if (written.error().errno_value == EAGAIN || written.error().errno_value == EWOULDBLOCK) break;
      // The reading side meets the same end and reports it, after what the daemon still said.
      queue_start_ = queue_.size();
      break;
    }
    queue_start_ += *written;
  }
  if (queue_start_ == queue_.size()) {
    queue_.clear();
    queue_start_ = 0;
  } else if (queue_start_ > queue_.size() / 2) {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(queue_start_));
    queue_start_ = 0;
  }
  std::uint32_t const mask = WL_EVENT_READABLE | (queue_.empty() ? 0U : static_cast<std::uint32_t>(WL_EVENT_WRITABLE));
  wl_event_source_fd_update(stream_source_.get(), mask);
}

void DaemonChannel::lose(std::string_view reason) {
  log::warning("windows are without a display: " + std::string(reason));
  bool const was_ready = state_ == State::ready;
  state_ = State::listening;
  stream_source_.reset();
  stream_.reset();
  queue_.clear();
  queue_start_ = 0;
  give_up_.clear();
  deadline_set_ = false;
  wl_event_source_timer_update(timer_.get(), 0);
  if (was_ready) events_.lost();
  if (auto const again = start(); !again) {
    log::warning(again.error().message);
    wl_event_source_timer_update(timer_.get(), kListenAgainMs);
  }
}

}  // namespace bh::gui_agent
