// bulkhead, and the qvm-* names that are links to it: clients of the Admin API, with no logic of their own.
#include <signal.h>

#include "base/log.h"
#include "dom0/cli/command_line.h"

int main(int argc, char** argv) {
  std::string const program = std::filesystem::path(argc > 0 ? argv[0] : "bulkhead").filename();
  bh::log::start(program);
  ::signal(SIGPIPE, SIG_DFL);
  bh::Paths const paths = bh::Paths::from_environment();
  bh::cli::Session session{paths, bh::own_program_folder(), bh::admin::Client(paths.admin_socket())};
  return bh::cli::run_command_line(program, {argv + 1, argv + argc}, std::move(session));
}
