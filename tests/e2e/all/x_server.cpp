#include "tests/e2e/all/x_server.h"

#include <array>
#include <chrono>

#include "base/posix_io.h"

namespace bh::e2e {

using namespace std::chrono_literals;

namespace {

// Xvfb writes the number and its newline one after the other: only the newline says that the number is whole.
Result<std::string> read_line(UniqueFd const& from) {
  Deadline const deadline = Clock::now() + 60s;
  std::string line;
  while (!line.ends_with('\n')) {
    BH_TRY(ready, wait_for(from, POLLIN, deadline));
    if (!ready) return Failure{Error{"Xvfb gave no display number within 60 s", 0}};
    std::array<std::byte, 16> buffer{};
    BH_TRY(got, read_some(from, buffer));
    if (got == 0) return Failure{Error{"Xvfb ended before it gave a display number", 0}};
    line += as_text(ByteSpan(buffer).first(got));
  }
  line.pop_back();
  return line;
}

}  // namespace

Result<XServer> start_x_server(std::string const& screen) {
  BH_TRY(pipe, make_pipe());
  // No reset: otherwise the server starts anew when its last client goes, and refuses whoever connects in that moment.
  BH_TRY(process, ChildProcess::spawn({.argv = {"Xvfb", "-displayfd", "3", "-screen", "0", screen, "-nolisten", "tcp", "-noreset"},
                                       .fds = {{&pipe.second, 3}}}));
  pipe.second.reset();
  auto number = read_line(pipe.first);
  if (!number) {
    static_cast<void>(process.terminate(2s));
    return Failure{std::move(number).error()};
  }
  return XServer{std::move(process), ":" + *number};
}

}  // namespace bh::e2e
