#include "tests/integration/dom0/tray/x_server.h"

#include <array>

namespace bh::tray::test {

Result<XServer> XServer::start() {
  BH_TRY(pipe, make_pipe());
  SpawnOptions options;
  options.argv = {"Xvfb", "-displayfd", "3", "-screen", "0", "1024x768x24", "-nolisten", "tcp"};
  options.fds = {{&pipe.second, 3}};
  options.die_with_parent = true;
  BH_TRY(process, ChildProcess::spawn(options));
  pipe.second.reset();
  std::string number;
  Deadline const deadline = Clock::now() + std::chrono::seconds(60);
  while (!number.ends_with('\n')) {
    BH_TRY(ready, wait_for(pipe.first, POLLIN, deadline));
    std::array<std::byte, 16> chunk{};
    Result<std::size_t> count = std::size_t{0};
    if (ready) count = read_some(pipe.first, chunk);
    if (!ready || !count || *count == 0) {
      (void)process.terminate(std::chrono::seconds(2));
      return Failure{Error{"Xvfb did not name its display", 0}};
    }
    number += as_text(std::span(chunk).first(*count));
  }
  number.pop_back();
  return XServer(std::move(process), ":" + number);
}

XServer::~XServer() {
  if (process_) (void)process_->terminate(std::chrono::seconds(5));
}

}  // namespace bh::tray::test
