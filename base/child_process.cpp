#include "base/child_process.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/number.h"

extern char** environ;

namespace bh {

namespace {

std::vector<std::string> merged_environment(SpawnOptions const& options) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view const text(*entry);
    std::string_view const name = text.substr(0, text.find('='));
    bool changed = false;
    for (auto const& change : options.environment) changed = changed || change.first == name;
    if (!changed) merged.emplace_back(text);
  }
  for (auto const& [name, value] : options.environment) {
    if (value) merged.push_back(name + "=" + *value);
  }
  return merged;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (auto& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What the child needs, prepared before fork: between fork and exec only async-signal-safe calls are allowed.
struct Prepared {
  char const* program;
  char** argv;
  char** envp;
  char const* directory;
  std::vector<std::pair<int, int>> fds;  // {source, number in the child}
  int highest;                           // highest number in the child
  bool new_session;
  bool die_with_parent;
  int parent;
  Identity const* run_as;
  int report;  // write end of the close-on-exec pipe that tells of a failed exec
};

[[noreturn]] void give_up(int report) {
  int const reason = errno;
  [[maybe_unused]] ssize_t const put = ::write(report, &reason, sizeof reason);
  ::_exit(127);
}

bool become(Identity const& identity) {
  static_assert(sizeof(gid_t) == sizeof identity.groups[0]);
  return ::setgroups(identity.groups.size(), identity.groups.data()) == 0 && ::setgid(identity.gid) == 0 &&
         ::setuid(identity.uid) == 0;
}

[[noreturn]] void run_child(Prepared& plan) {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  if (plan.new_session) ::setsid();
  if (plan.run_as != nullptr && !become(*plan.run_as)) give_up(plan.report);
  if (plan.die_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != plan.parent) ::_exit(127);
  }
  if (plan.directory != nullptr && ::chdir(plan.directory) != 0) give_up(plan.report);
  // First away from the target numbers, then onto them: a source may itself be another's target.
  int const floor = plan.highest + 1;
  int const report = ::fcntl(plan.report, F_DUPFD_CLOEXEC, floor);
  for (auto& [source, target] : plan.fds) {
    source = ::fcntl(source, F_DUPFD_CLOEXEC, floor);
    if (source < 0) give_up(report);
  }
  for (auto const& [source, target] : plan.fds) {
    if (::dup2(source, target) < 0) give_up(report);
  }
  // Only what was asked for is inherited.
  for (int fd = 3; fd <= plan.highest; ++fd) {
    bool wanted = false;
    for (auto const& entry : plan.fds) wanted = wanted || entry.second == fd;
    if (!wanted) ::close(fd);
  }
  ::syscall(SYS_close_range, static_cast<unsigned>(plan.highest + 1), ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
  // Not execvpe for a path: it hands files of unknown format to a shell.
  if (std::strchr(plan.program, '/') != nullptr) {
    ::execve(plan.program, plan.argv, plan.envp);
  } else {
    ::execvpe(plan.program, plan.argv, plan.envp);
  }
  give_up(report);
}

Result<UniqueFd> open_pidfd(int pid) {
  UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!fd.open()) return Failure{Error::from_errno("hold process " + std::to_string(pid))};
  return fd;
}

}  // namespace

Result<std::uint64_t> process_start_time(int pid) {
  BH_TRY(stat, read_file("/proc/" + std::to_string(pid) + "/stat", 4096));
  // The command name may hold blanks and parentheses; fields are counted after the last ')'.
  std::size_t position = stat.rfind(')');
  for (int field = 2; field < 22 && position != std::string::npos; ++field) position = stat.find(' ', position + 1);
  if (position == std::string::npos) return Failure{Error{"/proc stat has too few fields", 0}};
  std::string_view const rest = std::string_view(stat).substr(position + 1);
  auto const value = parse_decimal(rest.substr(0, rest.find(' ')));
  if (!value) return Failure{Error{"/proc stat holds no start time", 0}};
  return *value;
}

Result<ChildProcess> ChildProcess::spawn(SpawnOptions const& options) {
  BH_ASSERT(!options.argv.empty());
  BH_TRY(null, open_file("/dev/null", O_RDWR));
  BH_TRY(report, make_pipe());
  std::vector<std::string> arguments = options.argv;
  std::vector<std::string> environment = merged_environment(options);
  auto argv = pointers_to(arguments);
  auto envp = pointers_to(environment);
  std::string const& program = options.program.empty() ? options.argv[0] : options.program;
  Prepared plan{program.c_str(), argv.data(), envp.data(), options.working_directory.empty() ? nullptr : options.working_directory.c_str(),
                {}, 2, options.new_session, options.die_with_parent, ::getpid(), options.run_as ? &*options.run_as : nullptr, report.second.borrow()};
  bool standard[3] = {};
  for (auto const& [fd, number] : options.fds) {
    BH_ASSERT(fd->open() && number >= 0);
    plan.fds.emplace_back(fd->borrow(), number);
    plan.highest = std::max(plan.highest, number);
    if (number < 3) standard[number] = true;
  }
  if (!standard[0]) plan.fds.emplace_back(null.borrow(), 0);
  if (!standard[1]) plan.fds.emplace_back(null.borrow(), 1);

  pid_t const pid = ::fork();
  if (pid < 0) return Failure{Error::from_errno("start " + program)};
  if (pid == 0) run_child(plan);
  report.second.reset();
  int reason = 0;
  auto const got = read_some(report.first, std::as_writable_bytes(std::span(&reason, 1)));
  if (got && *got == sizeof reason) {
    ::waitpid(pid, nullptr, 0);
    return Failure{Error::from_errno("run " + program, reason)};
  }
  BH_TRY(pidfd, open_pidfd(pid));
  BH_TRY(start_time, process_start_time(pid));
  return ChildProcess(pid, start_time, std::move(pidfd), true);
}

Result<ChildProcess> ChildProcess::adopt(int pid, std::uint64_t start_time) {
  BH_TRY(pidfd, open_pidfd(pid));
  // Compared after the pidfd is held: from here on the number cannot be recycled unnoticed.
  BH_TRY(actual, process_start_time(pid));
  if (actual != start_time) return Failure{Error{"process " + std::to_string(pid) + " is another one by now", ESRCH}};
  return ChildProcess(pid, start_time, std::move(pidfd), false);
}

Result<ChildProcess> ChildProcess::own_child(int pid) {
  // A child that has ended stays a zombie until it is waited for, so the number is still its own.
  BH_TRY(pidfd, open_pidfd(pid));
  siginfo_t info{};
  if (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd.borrow()), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
    return Failure{Error::from_errno("hold process " + std::to_string(pid) + " as a child")};
  }
  BH_TRY(start_time, process_start_time(pid));
  return ChildProcess(pid, start_time, std::move(pidfd), true);
}

bool ChildProcess::running() const {
  if (status_) return false;
  pollfd entry{pidfd_.borrow(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 0;
}

Result<void> ChildProcess::signal(int number) const {
  if (::syscall(SYS_pidfd_send_signal, pidfd_.borrow(), number, nullptr, 0) != 0) {
    return Failure{Error::from_errno("signal process " + std::to_string(pid_))};
  }
  return {};
}

Result<std::optional<ExitStatus>> ChildProcess::wait(Deadline deadline) {
  if (status_) return status_;
  BH_TRY(ended, wait_for(pidfd_, POLLIN, deadline));
  if (!ended) return std::optional<ExitStatus>{};
  if (!ours_) {
    status_ = ExitStatus{};
    return status_;
  }
  siginfo_t info{};
  if (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd_.borrow()), &info, WEXITED) != 0) {
    return Failure{Error::from_errno("collect process " + std::to_string(pid_))};
  }
  status_ = info.si_code == CLD_EXITED ? ExitStatus{info.si_status, 0} : ExitStatus{128 + info.si_status, info.si_status};
  return status_;
}

Result<ExitStatus> ChildProcess::terminate(std::chrono::milliseconds grace) {
  for (int const number : {SIGTERM, SIGKILL}) {
    if (running()) {
      if (auto const sent = signal(number); !sent && sent.error().errno_value != ESRCH) return Failure{sent.error()};
    }
    BH_TRY(status, wait(Clock::now() + (number == SIGTERM ? grace : std::chrono::milliseconds(5000))));
    if (status) return *status;
  }
  return Failure{Error{"process " + std::to_string(pid_) + " does not end", 0}};
}

}  // namespace bh
