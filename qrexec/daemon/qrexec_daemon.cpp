// qrexec-daemon: main() only wires.
#include "base/log.h"
#include "qrexec/daemon/background.h"
#include "qrexec/daemon/daemon.h"

int main(int argc, char** argv) {
  using namespace bh::qrexec;
  bh::log::start("qrexec-daemon");
  auto const parsed = parse_daemon_options(argc, argv, bh::Paths::from_environment());
  if (auto const* code = std::get_if<int>(&parsed)) return *code;
  auto const& options = std::get<DaemonOptions>(parsed);
  bh::log::start("qrexec-daemon " + options.name);
  if (options.direct) return run_daemon(options, {});
  return run_in_background(options, [&](std::function<void()> const& ready) { return run_daemon(options, ready); });
}
