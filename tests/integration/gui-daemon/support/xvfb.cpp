#include "tests/integration/gui-daemon/support/xvfb.h"

#include <array>

namespace bh::gui::test {

Result<Xvfb> Xvfb::start(std::string const& screen) {
  BH_TRY(pipe, make_pipe());
  SpawnOptions options;
  options.argv = {"Xvfb", "-displayfd", "3", "-screen", "0", screen, "-nolisten", "tcp", "-noreset"};
  options.fds = {{&pipe.second, 3}};
  options.die_with_parent = true;
  BH_TRY(process, ChildProcess::spawn(options));
  pipe.second.reset();
  std::string number;
  auto const deadline = Clock::now() + std::chrono::seconds(60);
  while (!number.ends_with('\n')) {
    BH_TRY(ready, wait_for(pipe.first, POLLIN, deadline));
    std::array<std::byte, 16> chunk{};
    auto const count = ready ? read_some(pipe.first, chunk) : Result<std::size_t>(0);
    if (!count || *count == 0) {
      (void)process.terminate(std::chrono::seconds(1));
      return Failure{Error{"Xvfb did not start"}};
    }
    number += as_text(std::span(chunk).first(*count));
  }
  number.pop_back();
  return Xvfb(std::move(process), ":" + number);
}

Xvfb::~Xvfb() {
  if (process_) (void)process_->terminate(std::chrono::seconds(5));
}

}  // namespace bh::gui::test
