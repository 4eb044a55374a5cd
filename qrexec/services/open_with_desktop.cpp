#include "qrexec/services/open_with_desktop.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include "base/child_process.h"
#include "base/number.h"

namespace bh::open {

namespace {

using namespace std::chrono_literals;

// An opener that hands over by D-Bus ends before the program it asked for has begun.
constexpr auto kHandOver = 2s;
constexpr auto kLook = 100ms;
constexpr std::size_t kMaxCommandLine = 1 << 20;

// Descriptors of all processes but our own whose command line holds `what`; they become readable as the processes end.
std::vector<UniqueFd> who_works_on(std::string const& what) {
  std::vector<UniqueFd> found;
  std::error_code error;
  for (auto const& entry : std::filesystem::directory_iterator("/proc", error)) {
    auto const pid = parse_decimal(entry.path().filename().string(), INT_MAX);
    if (!pid || static_cast<int>(*pid) == ::getpid()) continue;
    auto const command = read_file(entry.path() / "cmdline", kMaxCommandLine);
    if (!command || command->find(what) == std::string::npos) continue;
    UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<int>(*pid), 0)));
    if (process.open()) found.push_back(std::move(process));
  }
  return found;
}

Result<void> wait_for_end(std::vector<UniqueFd> const& processes) {
  for (auto const& process : processes) {
    for (bool ended = false; !ended;) {
      BH_TRY(now, wait_for(process, POLLIN, Clock::now() + 1h));
      ended = now;
    }
  }
  return {};
}

}  // namespace

Result<void> open_with_desktop(std::string const& what) {
  auto opener = ChildProcess::spawn({.argv = {"xdg-open", what}});
  if (!opener) {
    if (opener.error().errno_value == ENOENT) return Failure{Error{"this qube has no xdg-open; install xdg-utils in its template", ENOENT}};
    return Failure{std::move(opener).error()};
  }
  std::optional<ExitStatus> status;
  while (!status) {
    BH_TRY(ended, opener->wait(Clock::now() + 1h));
    status = ended;
  }
  if (status->code != 0) return Failure{Error{"xdg-open failed with exit code " + std::to_string(status->code), 0}};
  for (Deadline last_look = Clock::now() + kHandOver;;) {
    auto const at_work = who_works_on(what);
    if (at_work.empty() && Clock::now() >= last_look) return {};
    BH_CHECK(wait_for_end(at_work));
    if (at_work.empty()) std::this_thread::sleep_for(kLook);
    else last_look = Clock::now();  // who comes after the first has come already
  }
}

}  // namespace bh::open
