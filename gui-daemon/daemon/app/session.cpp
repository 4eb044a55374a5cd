#include "gui-daemon/daemon/app/session.h"

#include <array>
#include <cerrno>
#include <utility>

#include "base/log.h"

namespace bh::gui {
namespace {
constexpr std::size_t kReadSize = 64 * 1024;
constexpr unsigned kMaxNotes = 20;  // log lines that one connection may cause
}  // namespace

void Session::send(WindowId window, to_agent::Message const& message) {
  if (state_ != State::running || overflow_) return;
  // Only marked here: this is called from inside the model, which a disconnect would empty under its caller.
  if (!queue_.push(to_agent::encode(window, message))) overflow_ = true;
}

void Session::send_keymap_names() {
  if (!config_.limits.window_memory || !keymap_names) return;
  if (auto const names = keymap_names()) send(kNoWindow, *names);
}

std::optional<pollfd> Session::poll_entry() const {
  if (!socket_.open()) return std::nullopt;
  // Paused, even the end of the stream must not wake us: nobody would read it.
  if (paused_until_ && queue_.empty()) return std::nullopt;
  return pollfd{socket_.borrow(), static_cast<short>((paused_until_ ? 0 : POLLIN) | (queue_.empty() ? 0 : POLLOUT)), 0};
}

std::optional<Deadline> Session::wake_at() const {
  if (state_ == State::waiting) return next_try_;
  if (paused_until_) return paused_until_;
  if (owed_since_) return *owed_since_ + config_.partial_limit;
  return std::nullopt;
}

void Session::turn(Deadline now) {
  if (state_ == State::waiting && now >= next_try_) connect(now);
  if (state_ != State::waiting && (!paused_until_ || now >= *paused_until_)) proceed(now);
  if (state_ != State::waiting && owed_since_ && now >= *owed_since_ + config_.partial_limit) {
    disconnect("the agent left a message unfinished", true);
  }
  if (state_ != State::waiting) write();
}

void Session::connect(Deadline now) {
  next_try_ = now + config_.retry;
  auto stream = vchan::try_connect(config_.vchan_directory, config_.channel);
  if (!stream) {
    if (notes_++ == 0) log::warning("cannot connect to the agent: " + stream.error().message);
    return;
  }
  if (!*stream) return;
  if (auto const set = set_nonblocking(**stream, true); !set) return log::error(set.error().message);
  socket_ = std::move(**stream);
  stream_ = MessageStream(Direction::to_daemon);
  state_ = State::handshake;
  owed_since_ = now;
  notes_ = 0;
}

void Session::proceed(Deadline now) {
  if (std::exchange(paused_until_, std::nullopt)) {
    (void)handle_messages(now);
    if (state_ == State::waiting || paused_until_) return;
    if (stream_.partial()) owed_since_ = now;
  }
  read(now);
}

void Session::read(Deadline now) {
  std::array<std::byte, kReadSize> chunk;  // NOLINT: filled by read_some
  auto const count = read_some(socket_, chunk);
  if (!count) {
    if (count.error().errno_value == EAGAIN) return;
    return disconnect(count.error().message, false);
  }
  if (*count == 0) return disconnect("the agent closed the connection", false);
  if (auto const taken = stream_.append(std::span(chunk).first(*count)); !taken) return disconnect(describe(taken.error()), true);
  if (state_ == State::handshake) answer_handshake();
  bool const progress = state_ == State::running && handle_messages(now);
  if (state_ == State::waiting) return;
  // The time runs from the first byte of a message to its last, however slowly they drip.
  if (progress || paused_until_ || (state_ == State::running && !stream_.partial())) owed_since_.reset();
  if (!owed_since_ && !paused_until_ && stream_.partial()) owed_since_ = now;
}

void Session::answer_handshake() {
  auto const word = stream_.take_plain(kVersionSize);
  if (!word) return;
  auto const offered = decode_version(*word);
  auto const common = offered ? negotiate(*offered) : offered;
  if (!common) return disconnect(describe(common.error()), true);
  bool const room = queue_.push(encode_version(*common)) && queue_.push(encode_screen_info(screen_info()));
  overflow_ = !room;
  state_ = State::running;
  owed_since_.reset();
  log::info("the agent is connected, protocol 1." + std::to_string(common->minor));
  send_keymap_names();
}

bool Session::handle_messages(Deadline now) {
  for (bool any = false;; any = true) {
    auto next = stream_.next();
    if (!next) {
      disconnect(describe(next.error()), true);
      return any;
    }
    if (!*next) return any;
    RawMessage const& raw = **next;
    auto message = checked::check(raw, config_.limits);
    auto const outcome = message ? model_->handle(raw.window, *message) : Result<void, Reject>(Failure{message.error()});
    if (!outcome && outcome.error().severity == Severity::kill) {
      disconnect(std::string(name_of(raw.type)) + ": " + std::string(describe(outcome.error().reason)), true);
      return any;
    }
    if (!outcome) note(outcome.error(), raw.type);
    if (MessageBudget::costs(raw.type) && !budget_.spend(now)) {
      paused_until_ = now + MessageBudget::kPause;
      return true;
    }
  }
}

void Session::note(Reject const& reject, MessageType type) {
  if (reject.severity != Severity::refuse || ++notes_ > kMaxNotes) return;
  log::warning("refused " + std::string(name_of(type)) + ": " + std::string(describe(reject.reason)) +
               (notes_ == kMaxNotes ? " (further ones are not logged)" : ""));
}

void Session::write() {
  if (overflow_) return disconnect("the agent does not read", true);
  if (auto const flushed = queue_.flush(socket_); !flushed) disconnect(flushed.error().message, false);
}

void Session::send_queued() {
  if (state_ == State::running && !overflow_ && !queue_.empty()) static_cast<void>(queue_.flush(socket_));
}

void Session::disconnect(std::string_view why, bool fault) {
  log::write(fault ? log::Level::warning : log::Level::info, std::string(fault ? "connection ended: " : "") + std::string(why));
  state_ = State::waiting;
  socket_.reset();
  queue_.clear();
  overflow_ = false;
  owed_since_.reset();
  paused_until_.reset();
  notes_ = 0;
  next_try_ = Clock::now() + (fault ? config_.retry_after_fault : config_.retry);
  keyboard_->forget();
  model_->close_all();
}

}  // namespace bh::gui
