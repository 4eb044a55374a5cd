#include "qrexec/agent/control_link.h"

#include <algorithm>

#include "base/log.h"

namespace bh::qrexec {

namespace {
constexpr vchan::Port kControlPort{512};
constexpr std::chrono::seconds kHelloTime{60};
}  // namespace

Result<void> ControlLink::ensure() {
  if (server_ || stream_) return {};
  BH_TRY(server, vchan::Server::listen(place_.folder, {place_.own, kDom0, kControlPort}));
  server_ = std::move(server);
  return {};
}

void ControlLink::fill(PollSet& set) {
  slot_ = stream_ ? set.add(stream_->fd(), static_cast<short>(POLLIN | (stream_->pending() > 0 ? POLLOUT : 0)))
                  : set.add(server_->pollable(), POLLIN);
}

ControlLink::Change ControlLink::lose(std::string const& why) {
  log::warning("dom0: " + why + "; listening again");
  stream_.reset();
  server_.reset();
  version_ = 0;
  return Change::lost;
}

ControlLink::Change ControlLink::handle(PollSet const& set) {
  if (!stream_) {
    if (set.at(slot_) == 0) return Change::none;
    auto peer = server_->accept(Clock::now());
    if (!peer) return Change::none;
    server_.reset();
    auto stream = FramedStream::over(*std::move(peer), Direction::daemon_to_agent);
    if (!stream) return lose(stream.error().message);
    stream_ = *std::move(stream);
    stream_->queue(encode(Hello{kNewestVersion}));
    hello_deadline_ = Clock::now() + kHelloTime;
    (void)stream_->flush();
    return Change::none;
  }
  if ((set.at(slot_) & (POLLIN | POLLHUP | POLLERR)) != 0) {
    auto const open = stream_->receive();
    if (!open || !*open) return lose("connection closed");
  }
  auto const flushed = stream_->flush();
  if (!flushed || !*flushed) return lose("connection closed");
  return version_ == 0 ? take_hello() : Change::none;
}

ControlLink::Change ControlLink::take_hello() {
  auto const frame = stream_->next();
  if (!frame) return lose(to_string(frame.error()));
  if (!*frame) return Clock::now() > hello_deadline_ ? lose("no HELLO in time") : Change::none;
  auto const hello = decode_hello(**frame);
  if (!hello || hello->version < kOldestVersion) return lose("it speaks no version that we know");
  version_ = std::min(hello->version, kNewestVersion);
  ++generation_;
  stream_->agree_on(version_);
  return Change::agreed;
}

std::optional<ToAgent> ControlLink::next() {
  if (!stream_ || version_ == 0) return std::nullopt;
  auto const frame = stream_->next();
  if (frame && !*frame) return std::nullopt;
  auto message = frame ? decode_to_agent(**frame) : Result<ToAgent, CodecError>(Failure{CodecError::unexpected_type});
  if (message) return *std::move(message);
  lose(frame ? to_string(message.error()) : to_string(frame.error()));
  return std::nullopt;
}

void ControlLink::send(ByteSpan encoded) {
  if (stream_ && version_ != 0) stream_->queue(encoded);
}

}  // namespace bh::qrexec
