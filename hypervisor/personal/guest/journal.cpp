#include "hypervisor/personal/guest/journal.h"

#include <signal.h>

#include "base/number.h"
#include "base/posix_io.h"

namespace bh::personal {

Result<void> renew_journal() {
  BH_TRY(text, read_file("/sys/fs/cgroup/system.slice/systemd-journald.service/cgroup.procs", 4096));
  auto const pid = parse_decimal(text.substr(0, text.find('\n')), INT32_MAX);
  if (!pid || *pid < 2) return Failure{Error{"journald's process is not known"}};
  // systemd starts it again and hands it the open streams of all services.
  if (::kill(static_cast<pid_t>(*pid), SIGTERM) != 0) return Failure{Error::from_errno("restart journald")};
  return {};
}

}  // namespace bh::personal
