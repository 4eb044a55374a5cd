#include "qrexec/stream/service_loop.h"

#include "base/log.h"
#include "qrexec/protocol/data_codec.h"
#include "qrexec/stream/call_events.h"
#include "qrexec/stream/inlet.h"
#include "qrexec/stream/outlet.h"

namespace bh::qrexec {

namespace {

constexpr std::chrono::seconds kLastWords{120};     // for the exit code to leave, if the caller is slow
constexpr std::chrono::seconds kAfterHangup{30};    // for a service to take what its lost caller had sent
constexpr int kTurnMs = 10'000;

class ServiceLoop {
 public:
  ServiceLoop(FramedStream& channel, RunningService& service, ServeOptions const& options, UniqueFd const& request)
      : channel_(channel), service_(service), options_(options), request_(request),
        input_(Outlet::nowhere()), output_(Inlet::nothing(MessageType::data_stdout)),
        errors_(Inlet::nothing(MessageType::data_stderr)) {}

  Result<void> begin() {
    BH_TRY(input, Outlet::over(service_.input, Ownership::ours));
    BH_TRY(output, Inlet::over(service_.output, MessageType::data_stdout, Ownership::ours));
    input_ = std::move(input);
    output_ = std::move(output);
    if (service_.errors) {
      BH_TRY(errors, Inlet::over(service_.errors, MessageType::data_stderr, Ownership::ours));
      errors_ = std::move(errors);
    } else {
      channel_.queue_frame(MessageType::data_stderr, {});
    }
    // The loop's parts own the descriptors from here on, so that closing one there is an end of stream.
    service_.input.reset();
    service_.output.reset();
    service_.errors.reset();
    input_.write(as_bytes(service_.preamble));
    return {};
  }

  Served run() {
    for (;;) {
      auto const drained = take_frames();
      if (!drained) return Served::protocol_error;
      input_.flush();
      if (!lost_ && finished()) return say_goodbye();
      if (lost_ && *drained && (input_.closed() || input_.pending() == 0)) return Served::caller_left;
      if (hung_up_ && Clock::now() > give_up_) return Served::caller_left;
      if (auto const turned = turn(); !turned) {
        log::error("call: " + turned.error().message);
        return Served::protocol_error;
      }
    }
  }

 private:
  // False: frames are left because the service is slow.
  Result<bool, FrameError> take_frames() {
    while (input_.has_room()) {
      auto frame = channel_.next();
      if (!frame) {
        log::warning(std::string("the caller sent ") + to_string(frame.error()) + "; the call ends");
        return Failure{frame.error()};
      }
      if (!*frame) return true;
      // GUARD (R22): only input has a way on from here; anything else a caller may send was dropped by its type.
      auto const message = decode_to_service(**frame);
      if (!message) return Failure{FrameError::unknown_type};
      if (auto const* data = std::get_if<StdinData>(&*message)) {
        if (data->bytes.empty()) {
          caller_eof_ = true;
          input_.finish();
        } else {
          input_.write(data->bytes);
        }
      } else {
        log::warning("the caller sent a message that only a service may send; ignored");
      }
    }
    return false;
  }

  bool finished() {
    if (service_.child && !status_) {
      auto const status = service_.child->wait(Clock::now());
      if (status && *status) status_ = **status;
    }
    if (!errors_.closed()) return false;
    if (service_.child) return output_.closed() && status_.has_value();
    if (options_.exit_on_client_eof && caller_eof_ && input_.closed()) return true;
    return output_.closed() && (options_.exit_on_service_eof || input_.closed());
  }

  Served say_goodbye() {
    output_.end(channel_);
    channel_.queue(encode_exit_code(status_ ? status_->code : 0));
    auto const sent = channel_.flush_by(Clock::now() + kLastWords);
    return sent ? Served::complete : Served::caller_left;
  }

  Result<void> turn() {
    set_.clear();
    constexpr std::size_t kNone = SIZE_MAX;
    bool const reading = !lost_ && input_.has_room();
    // A hang-up is told again and again; it is looked at once there is room for what the caller had sent before.
    bool const deaf = lost_ || (hung_up_ && !reading);
    std::size_t const channel = deaf ? kNone
                                      : set_.add(channel_.fd(), static_cast<short>((reading ? POLLIN : 0) |
                                                                                  (channel_.pending() > 0 ? POLLOUT : 0)));
    std::size_t const input = input_.closed() ? kNone : set_.add(*input_.fd(), input_.pending() > 0 ? POLLOUT : short{0});
    bool const room = !lost_ && channel_.has_room();
    std::size_t const output = output_.closed() || !room ? kNone : set_.add(*output_.fd(), POLLIN);
    std::size_t const errors = errors_.closed() || !room ? kNone : set_.add(*errors_.fd(), POLLIN);
    std::size_t const request = service_.child ? set_.add(request_, POLLIN) : kNone;
    if (service_.child && !status_) set_.add(service_.child->pidfd(), POLLIN);
    BH_CHECK(set_.wait(hung_up_ ? 100 : kTurnMs));

    if (input != kNone && (set_.at(input) & (POLLERR | POLLHUP)) != 0) input_.abandon();
    if (request != kNone && set_.at(request) != 0 && socket_request_arrived(request_)) use_one_socket();
    if (output != kNone && set_.at(output) != 0) output_.pump(channel_, max_data_chunk(options_.version));
    if (errors != kNone && set_.at(errors) != 0) errors_.pump(channel_, max_data_chunk(options_.version));
    if (channel != kNone) return channel_turn(set_.at(channel), reading);
    return {};
  }

  Result<void> channel_turn(short events, bool reading) {
    if (reading && (events & (POLLIN | POLLHUP | POLLERR)) != 0) {
      BH_TRY(open, channel_.receive());
      if (!open) lost_ = true;
    } else if ((events & (POLLHUP | POLLERR)) != 0) {
      hung_up_ = true;
    }
    if (!lost_) {
      // A caller that left may have sent more before; reading finds its end.
      BH_TRY(open, channel_.flush());
      if (!open) hung_up_ = true;
    }
    if (lost_) hung_up_ = true;
    if (hung_up_ && give_up_ == Deadline{}) give_up_ = Clock::now() + kAfterHangup;
    return {};
  }

  void use_one_socket() {
    if (input_.closed()) return;
    output_.switch_to(input_.fd(), channel_, max_data_chunk(options_.version));
  }

  FramedStream& channel_;
  RunningService& service_;
  ServeOptions const& options_;
  UniqueFd const& request_;
  Outlet input_;
  Inlet output_;
  Inlet errors_;
  PollSet set_;
  std::optional<ExitStatus> status_;
  bool caller_eof_ = false;
  bool hung_up_ = false;  // the caller has left; what it had sent may still be on its way
  bool lost_ = false;     // and all of that has been read
  Deadline give_up_{};
};

}  // namespace

Served serve(FramedStream& channel, RunningService& service, ServeOptions const& options, UniqueFd const& socket_request) {
  ServiceLoop loop(channel, service, options, socket_request);
  if (auto const begun = loop.begin(); !begun) {
    log::error("call: " + begun.error().message);
    report_failure(channel, kExitProblem, true);
    return Served::complete;
  }
  return loop.run();
}

void report_failure(FramedStream& channel, int code, bool with_streams) {
  if (with_streams) {
    channel.queue_frame(MessageType::data_stdout, {});
    channel.queue_frame(MessageType::data_stderr, {});
  }
  channel.queue(encode_exit_code(code));
  auto const sent = channel.flush_by(Clock::now() + kLastWords);
  if (!sent) log::warning("the caller did not take the result: " + sent.error().message);
}

}  // namespace bh::qrexec
