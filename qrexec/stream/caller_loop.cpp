#include "qrexec/stream/caller_loop.h"

#include <algorithm>

#include "base/log.h"
#include "qrexec/protocol/data_codec.h"
#include "qrexec/stream/call_events.h"

namespace bh::qrexec {

namespace {

constexpr int kTurnMs = 10'000;

class CallerLoop {
 public:
  CallerLoop(FramedStream& channel, LocalEnd& local, std::uint32_t version, UniqueFd const& request)
      : channel_(channel), local_(local), chunk_(max_data_chunk(version)), request_(request) {}

  CallResult run() {
    for (ByteSpan rest = as_bytes(local_.prefix); !rest.empty();) {
      std::size_t const size = std::min(rest.size(), chunk_);
      channel_.queue_frame(MessageType::data_stdin, rest.first(size));
      rest = rest.subspan(size);
    }
    // No input at all is an end of input too.
    if (local_.input.closed()) channel_.queue_frame(MessageType::data_stdin, {});
    for (;;) {
      bool const drained = take_frames();
      local_.output.flush();
      local_.errors.flush();
      if (drained && (lost_ || remote_) && conclude()) return {remote_, status_ ? std::optional(status_->code) : std::nullopt};
      if (auto const turned = turn(); !turned) {
        log::error("call: " + turned.error().message);
        return {std::nullopt, std::nullopt};
      }
    }
  }

 private:
  // False: frames are left because a local reader is slow.
  bool take_frames() {
    while (!broken_ && !remote_) {
      if (!local_.output.has_room() || !local_.errors.has_room()) return false;
      auto frame = channel_.next();
      if (!frame) {
        log::error(std::string("the service sent ") + to_string(frame.error()) + "; the call ends");
        broken_ = lost_ = true;
        return true;
      }
      if (!*frame) return true;
      take(**frame);
    }
    return true;
  }

  void take(Frame const& frame) {
    // GUARD: the service's bytes are only ever copied to a descriptor; the exit code is a number and nothing else.
    auto const message = decode_to_caller(frame);
    if (!message) {
      broken_ = lost_ = true;
    } else if (auto const* out = std::get_if<StdoutData>(&*message)) {
      put(local_.output, out->bytes);
    } else if (auto const* err = std::get_if<StderrData>(&*message)) {
      put(local_.errors, err->bytes);
    } else if (auto const* exit = std::get_if<ExitCode>(&*message)) {
      remote_ = exit->code;
      local_.input.end(channel_);
    }
  }

  static void put(Outlet& outlet, ByteSpan bytes) {
    if (bytes.empty()) {
      outlet.finish();
    } else {
      outlet.write(bytes);
    }
  }

  // True once everything received has been delivered and the local program has ended.
  bool conclude() {
    local_.output.finish();
    local_.errors.finish();
    local_.output.flush();
    local_.errors.flush();
    if (!local_.output.closed() || !local_.errors.closed()) return false;
    // One try for our own end of stream; a service that has ended does not wait for it.
    if (!lost_) (void)channel_.flush();
    // A program that talks through one socket both ways waits for its end.
    if (local_.program) local_.input = Inlet::nothing(MessageType::data_stdin);
    return !local_.program || collect();
  }

  bool collect() {
    if (status_) return true;
    auto const status = local_.program->wait(Clock::now());
    if (!status || *status) status_ = status ? **status : ExitStatus{1, 0};
    return status_.has_value();
  }

  Result<void> turn() {
    set_.clear();
    constexpr std::size_t kNone = SIZE_MAX;
    bool const over = lost_ || remote_.has_value();
    bool const reading = !over && local_.output.has_room() && local_.errors.has_room();
    auto const wanted = static_cast<short>((reading ? POLLIN : 0) | (!over && channel_.pending() > 0 ? POLLOUT : 0));
    std::size_t const channel = wanted == 0 ? kNone : set_.add(channel_.fd(), wanted);
    std::size_t const output = watch(local_.output);
    std::size_t const errors = watch(local_.errors);
    std::size_t const input =
        over || local_.input.closed() || !channel_.has_room() ? kNone : set_.add(*local_.input.fd(), POLLIN);
    std::size_t const request = local_.program ? set_.add(request_, POLLIN) : kNone;
    if (local_.program && !status_) set_.add(local_.program->pidfd(), POLLIN);
    BH_CHECK(set_.wait(kTurnMs));

    if (output != kNone && (set_.at(output) & (POLLERR | POLLHUP | POLLNVAL)) != 0) local_.output.abandon();
    if (errors != kNone && (set_.at(errors) & (POLLERR | POLLHUP | POLLNVAL)) != 0) local_.errors.abandon();
    if (local_.program) collect();
    if (request != kNone && set_.at(request) != 0 && socket_request_arrived(request_) && !local_.output.closed()) {
      local_.input.switch_to(local_.output.fd(), channel_, chunk_);
    }
    if (input != kNone && set_.at(input) != 0) local_.input.pump(channel_, chunk_);
    if (channel != kNone) return channel_turn(set_.at(channel), reading);
    return {};
  }

  std::size_t watch(Outlet const& outlet) {
    if (outlet.closed()) return SIZE_MAX;
    return set_.add(*outlet.fd(), outlet.pending() > 0 ? POLLOUT : short{0});
  }

  Result<void> channel_turn(short events, bool reading) {
    BH_TRY(writable, channel_.flush());
    if (reading && (events & (POLLIN | POLLHUP | POLLERR)) != 0) {
      BH_TRY(open, channel_.receive());
      if (!open) lost_ = true;
    } else if (!writable && !reading) {
      return {};
    }
    return {};
  }

  FramedStream& channel_;
  LocalEnd& local_;
  std::size_t chunk_;
  UniqueFd const& request_;
  PollSet set_;
  std::optional<int> remote_;
  std::optional<ExitStatus> status_;
  bool lost_ = false;
  bool broken_ = false;
};

SharedFd standard(int number) { return std::make_shared<UniqueFd>(number); }

}  // namespace

Result<LocalEnd> own_streams(bool socket_stdin) {
  LocalEnd local;
  Ownership const ownership = socket_stdin ? Ownership::ours : Ownership::inherited;
  SharedFd const in = standard(0);
  BH_TRY(input, Inlet::over(in, MessageType::data_stdin, ownership));
  BH_TRY(output, Outlet::over(socket_stdin ? in : standard(1), ownership));
  UniqueFd own_errors(2);
  auto copy = own_errors.duplicate();
  (void)own_errors.release();
  if (!copy) return Failure{std::move(copy).error()};
  BH_TRY(errors, Outlet::over(std::make_shared<UniqueFd>(*std::move(copy)), Ownership::inherited));
  local.input = std::move(input);
  local.output = std::move(output);
  local.errors = std::move(errors);
  return local;
}

Result<LocalEnd> program_streams(SpawnOptions options) {
  LocalEnd local;
  BH_TRY(to_program, make_socket_pair());
  BH_TRY(from_program, make_pipe());  // a program may open /dev/stdout
  options.fds.emplace_back(&to_program.second, 0);
  options.fds.emplace_back(&from_program.second, 1);
  BH_TRY(program, ChildProcess::spawn(options));
  BH_TRY(output, Outlet::over(std::make_shared<UniqueFd>(std::move(to_program.first)), Ownership::ours));
  BH_TRY(input, Inlet::over(std::make_shared<UniqueFd>(std::move(from_program.first)), MessageType::data_stdin, Ownership::ours));
  UniqueFd own_errors(2);
  auto copy = own_errors.duplicate();
  (void)own_errors.release();
  if (!copy) return Failure{std::move(copy).error()};
  BH_TRY(errors, Outlet::over(std::make_shared<UniqueFd>(*std::move(copy)), Ownership::inherited));
  local.program = std::move(program);
  local.output = std::move(output);
  local.input = std::move(input);
  local.errors = std::move(errors);
  return local;
}

CallResult run_call(FramedStream& channel, LocalEnd& local, std::uint32_t version, UniqueFd const& socket_request) {
  return CallerLoop(channel, local, version, socket_request).run();
}

int exit_code_of(CallResult const& result) {
  if (!result.remote) return 255;
  if (*result.remote != 0) return *result.remote;
  return result.local.value_or(0);
}

}  // namespace bh::qrexec
