#include "tests/bench/all/open_call.h"

#include <array>

#include "base/posix_io.h"
#include "tests/e2e/all/installation.h"

namespace bh::bench {

using namespace std::chrono_literals;

Result<OpenCall> OpenCall::start(std::filesystem::path const& root, std::string const& qube) {
  BH_TRY(to, make_pipe());
  BH_TRY(from, make_pipe());
  BH_TRY(process, ChildProcess::spawn({.argv = {e2e::program("bulkhead"), "run", qube, "--", "cat"},
                                       .fds = {{&to.first, 0}, {&from.second, 1}},
                                       .environment = {{"BULKHEAD_ROOT", root.string()}},
                                       .die_with_parent = true}));
  return OpenCall(std::move(process), std::move(to.second), std::move(from.first));
}

double OpenCall::echo() {
  std::array<std::byte, 1> byte{std::byte{'x'}};
  auto const begun = Clock::now();
  if (!write_all(to_, byte)) return -1;
  auto const ready = wait_for(from_, POLLIN, begun + 30s);
  if (!ready || !*ready) return -1;
  auto const got = read_some(from_, byte);
  if (!got || *got != 1) return -1;
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

Result<void> OpenCall::finish() {
  to_.reset();
  BH_TRY(status, process_.wait(Clock::now() + 30s));
  if (status && status->code == 0) return {};
  BH_CHECK(process_.terminate(2s));
  return Failure{Error{"the open call did not end well", 0}};
}

}  // namespace bh::bench
