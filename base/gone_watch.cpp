#include "base/gone_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

namespace bh {

Result<GoneWatch> GoneWatch::of(std::filesystem::path const& path) {
  UniqueFd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify.open()) return Failure{Error::from_errno("watch files")};
  // IN_ATTRIB comes with the name's removal, IN_DELETE_SELF only when nobody has the file open any more.
  if (::inotify_add_watch(inotify.borrow(), path.c_str(), IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF) < 0) {
    if (errno != ENOENT) return Failure{Error::from_errno("watch " + path.string())};
    inotify.reset();
  }
  return GoneWatch(path, std::move(inotify));
}

bool GoneWatch::gone() {
  if (!inotify_.open()) return true;
  std::array<std::byte, 4096> events;
  for (auto got = read_some(inotify_, events); got && *got > 0; got = read_some(inotify_, events)) {
  }
  struct stat facts{};
  return ::lstat(path_.c_str(), &facts) != 0;
}

Result<bool> GoneWatch::wait(Deadline deadline) {
  while (!gone()) {
    BH_TRY(ready, wait_for(inotify_, POLLIN, deadline));
    if (!ready) return gone();
  }
  return true;
}

}  // namespace bh
