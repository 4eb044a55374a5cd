// Starting other programs: an argument vector, a map of descriptors, nothing else inherited; no shell. Held by pidfd, so that a
// recycled pid is never signalled.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/posix_io.h"
#include "base/unique_fd.h"

namespace bh {

// Whose rights a child runs with; only root can give others than its own.
struct Identity {
  unsigned uid;
  unsigned gid;
  std::vector<unsigned> groups;
};

struct SpawnOptions {
  // argv[0] is the program: a path (run as it is: a file without a known format is an error), or a name looked up in PATH
  std::vector<std::string> argv;
  // What is run where it is not argv[0], which then is only what the program is told to be called.
  std::string program;
  // Descriptors of the child: {ours, number there}. 0, 1 and 2 not named become /dev/null, /dev/null and our own stderr.
  std::vector<std::pair<UniqueFd const*, int>> fds;
  // Environment changes on top of ours: a value sets, nullopt removes.
  std::vector<std::pair<std::string, std::optional<std::string>>> environment;
  std::string working_directory;  // empty: ours
  bool new_session = false;       // setsid: outlives our terminal
  bool die_with_parent = false;   // SIGKILL when the thread that started it ends
  std::optional<Identity> run_as;  // taken before the working directory is entered
};

struct ExitStatus {
  int code = 0;    // exit code, or 128 + signal
  int signal = 0;  // 0: ended by itself
};

class ChildProcess {
 public:
  // Fails if the program cannot be executed (the reason is the kernel's), not later.
  static Result<ChildProcess> spawn(SpawnOptions const& options);
  // A process that somebody else started, known by pid and start time (field 22 of /proc/PID/stat). Its exit code cannot be had.
  static Result<ChildProcess> adopt(int pid, std::uint64_t start_time);

  // A child of ours that another program of ours started in our name (clone with CLONE_PARENT); nobody has waited for it yet.
  static Result<ChildProcess> own_child(int pid);

  ChildProcess(ChildProcess&&) noexcept = default;
  ChildProcess& operator=(ChildProcess&&) noexcept = default;
  // Does not end the process.
  ~ChildProcess() = default;

  [[nodiscard]] int pid() const { return pid_; }
  [[nodiscard]] std::uint64_t start_time() const { return start_time_; }
  // Readable once the process has ended.
  [[nodiscard]] UniqueFd const& pidfd() const { return pidfd_; }
  [[nodiscard]] bool running() const;
  Result<void> signal(int number) const;
  // nullopt: still running at the deadline. For an adopted process the code is 0.
  Result<std::optional<ExitStatus>> wait(Deadline deadline);
  // SIGTERM, then SIGKILL at the end of the grace time, then reaped.
  Result<ExitStatus> terminate(std::chrono::milliseconds grace);

 private:
  ChildProcess(int pid, std::uint64_t start_time, UniqueFd pidfd, bool ours)
      : pid_(pid), start_time_(start_time), pidfd_(std::move(pidfd)), ours_(ours) {}
  int pid_;
  std::uint64_t start_time_;
  UniqueFd pidfd_;
  bool ours_;
  std::optional<ExitStatus> status_;
};

// Field 22 of /proc/PID/stat; an error if there is no such process.
Result<std::uint64_t> process_start_time(int pid);

}  // namespace bh
