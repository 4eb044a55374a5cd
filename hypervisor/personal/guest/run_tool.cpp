#include "hypervisor/personal/guest/run_tool.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/child_process.h"

namespace bh::personal {

Result<int> run_tool(std::vector<std::string> argv) {
  // Repair of a large volume takes minutes; systemd's own limit on us ends it before.
  constexpr std::chrono::minutes kPatience{10};
  UniqueFd const errors(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  SpawnOptions options;
  options.argv = std::move(argv);
  if (errors.open()) options.fds = {{&errors, STDOUT_FILENO}};
  options.environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}};
  std::string const name = options.argv[0];
  BH_TRY(child, ChildProcess::spawn(options));
  BH_TRY(ended, child.wait(Clock::now() + kPatience));
  if (ended) return ended->code;
  (void)child.terminate(std::chrono::seconds(1));
  return Failure{Error{name + " did not end"}};
}

}  // namespace bh::personal
