#include "hypervisor/volumes/pool/new_file_system.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/child_process.h"
#include "base/posix_io.h"

namespace bh::volumes {

namespace {

constexpr std::chrono::seconds kLimit{60};
// Not looked up in PATH, which an ordinary user's may leave it out of.
constexpr char const* kProgram = "/usr/sbin/mke2fs";

}  // namespace

Result<void> make_ext4(std::filesystem::path const& blank_file, std::string const& label) {
  BH_TRY(fd, open_file(blank_file, O_RDWR | O_NOFOLLOW));
  struct stat status {};
  if (::fstat(fd.borrow(), &status) != 0) return Failure{Error::from_errno("look at " + blank_file.string())};
  // GUARD: a file that holds anything may be a guest's work, and mke2fs reads what it finds.
  if (status.st_blocks != 0) return Failure{Error{blank_file.string() + " is not blank, so it is not formatted", EINVAL}};
  SpawnOptions options;
  // As templates/guest formats: no reserve for root, and no discard. A blank file is all zero already: nothing is written that would say so.
  options.argv = {kProgram, "-q", "-F", "-t", "ext4", "-L", label, "-m", "0", "-E", "nodiscard,assume_storage_prezeroed=1", "/proc/self/fd/3"};
  options.fds = {{&fd, 3}};
  options.die_with_parent = true;
  BH_TRY(process, ChildProcess::spawn(options));
  BH_TRY(status_or_late, process.wait(Clock::now() + kLimit));
  if (!status_or_late) {
    (void)process.terminate(std::chrono::milliseconds(0));
    return Failure{Error{"mke2fs took longer than a minute to format " + blank_file.string(), ETIMEDOUT}};
  }
  if (status_or_late->code != 0) return Failure{Error{"mke2fs could not format " + blank_file.string() + " (exit status " + std::to_string(status_or_late->code) + ")", 0}};
  return {};
}

}  // namespace bh::volumes
