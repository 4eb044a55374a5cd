#include "qrexec/daemon/background.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/posix_io.h"

namespace bh::qrexec {

namespace {

int complain(Error const& error) {
  log::error(error.message);
  return 1;
}

Result<void> leave_terminal(DaemonOptions const& options) {
  std::error_code ignored;
  std::filesystem::create_directories(options.log_folder, ignored);
  BH_TRY(log_file, open_file(options.log_folder / (options.name + "-qrexec.log"), O_WRONLY | O_CREAT | O_APPEND, 0640));
  BH_TRY(null, open_file("/dev/null", O_RDWR));
  ::setsid();
  bool const moved = ::dup2(null.borrow(), 0) == 0 && ::dup2(null.borrow(), 1) == 1 && ::dup2(log_file.borrow(), 2) == 2;
  if (!moved) return Failure{Error::from_errno("leave the terminal")};
  return {};
}

}  // namespace

int run_in_background(DaemonOptions const& options, std::function<int(std::function<void()> const&)> const& run) {
  auto pipe = make_pipe();
  if (!pipe) return complain(pipe.error());
  pid_t const pid = ::fork();
  if (pid < 0) return complain(Error::from_errno("go to the background"));
  if (pid > 0) {
    pipe->second.reset();
    if (options.startup_nowait) return 0;
    std::byte ready{};
    auto const got = read_some(pipe->first, std::span(&ready, 1));
    if (got && *got == 1) return 0;
    int status = 0;
    if (::waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) == 0) return 1;
    return WEXITSTATUS(status);
  }
  pipe->first.reset();
  if (auto const left = leave_terminal(options); !left) ::_exit(complain(left.error()));
  return run([&] {
    if (pipe->second.open()) (void)write_some(pipe->second, as_bytes("1"));
    pipe->second.reset();
  });
}

}  // namespace bh::qrexec
