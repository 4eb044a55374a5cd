#include "hypervisor/personal/guest/journal.h"

#include <signal.h>

#include <cerrno>
#include <cstdio>

#include "base/number.h"
#include "base/posix_io.h"

namespace bh::personal {

Result<void> renew_journal(std::string const& old_machine_id, std::string const& machine_id) {
  std::string const folder = "/run/log/journal/";
  // journalctl looks only into the folder of this machine's id.
  if (std::rename((folder + old_machine_id).c_str(), (folder + machine_id).c_str()) != 0 && errno != ENOENT) {
    return Failure{Error::from_errno("rename the journal's folder")};
  }
  BH_TRY(text, read_file("/sys/fs/cgroup/system.slice/systemd-journald.service/cgroup.procs", 4096));
  auto const pid = parse_decimal(text.substr(0, text.find('\n')), INT32_MAX);
  if (!pid || *pid < 2) return Failure{Error{"journald's process is not known"}};
  // systemd starts it again and hands it the open streams of all services.
  if (::kill(static_cast<pid_t>(*pid), SIGTERM) != 0) return Failure{Error::from_errno("restart journald")};
  return {};
}

}  // namespace bh::personal
