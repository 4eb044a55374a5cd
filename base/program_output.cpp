#include "base/program_output.h"

#include <array>
#include <cerrno>

namespace bh {

namespace {

Result<std::string> read_to_end(UniqueFd const& from, std::string const& program, std::size_t most, Deadline deadline) {
  std::string text;
  std::array<std::byte, 8192> buffer;  // NOLINT: filled by read_some
  for (;;) {
    BH_TRY(ready, wait_for(from, POLLIN, deadline));
    if (!ready) return Failure{Error{program + " does not answer in time", ETIMEDOUT}};
    BH_TRY(count, read_some(from, buffer));
    if (count == 0) return text;
    if (text.size() + count > most) return Failure{Error{program + " prints too much", EFBIG}};
    text += as_text(ByteSpan(buffer).first(count));
  }
}

}  // namespace

Result<ProgramOutput> program_output(SpawnOptions options, OutputLimits limits, bool with_errors) {
  Deadline const deadline = Clock::now() + limits.time;
  std::string const program = options.argv.front();
  BH_TRY(pipe, make_pipe());
  options.fds.emplace_back(&pipe.second, 1);
  if (with_errors) options.fds.emplace_back(&pipe.second, 2);
  BH_TRY(process, ChildProcess::spawn(options));
  pipe.second.reset();
  auto text = read_to_end(pipe.first, program, limits.most, deadline);
  if (text) {
    auto const status = process.wait(deadline);
    if (status && *status) return ProgramOutput{*std::move(text), **status};
    text = Failure{status ? Error{program + " does not end in time", ETIMEDOUT} : status.error()};
  }
  (void)process.terminate(std::chrono::milliseconds(0));
  return Failure{std::move(text).error()};
}

}  // namespace bh
