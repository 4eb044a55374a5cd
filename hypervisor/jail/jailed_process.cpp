#include "hypervisor/jail/jailed_process.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <optional>

#include "base/display_text.h"
#include "base/number.h"

namespace bh::jail {

namespace {

// Of a step that takes milliseconds; a busy host may take a thousand times as long, more is a fault.
constexpr std::chrono::seconds kPatience{30};
constexpr std::size_t kMaxLine = 2048;

// Reads the launcher's lines until it has said how it went, or has ended.
struct Status {
  std::optional<int> pid;
  bool running = false;
  std::string failure;
};

void note(std::string_view line, Status& status) {
  if (line == "running") status.running = true;
  if (line.starts_with("failed ")) status.failure = for_display(line.substr(7), kMaxLine);
  if (!line.starts_with("pid ")) return;
  auto const number = parse_decimal(line.substr(4));
  if (number && *number > 0 && *number <= 0x7FFFFFFF) status.pid = static_cast<int>(*number);
}

Result<Status> read_status(UniqueFd const& pipe) {
  Status status;
  std::string text;
  std::array<std::byte, 512> buffer;
  Deadline const deadline = Clock::now() + kPatience;
  while (!status.running && status.failure.empty() && text.size() < kMaxLine) {
    BH_TRY(ready, wait_for(pipe, POLLIN, deadline));
    if (!ready) return Failure{Error{"the jail was not built within half a minute", ETIMEDOUT}};
    BH_TRY(got, read_some(pipe, buffer));
    if (got == 0) break;
    text += as_text(ByteSpan(buffer).first(got));
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      note(std::string_view(text).substr(0, end), status);
      text.erase(0, end + 1);
    }
  }
  return status;
}

// A child that was made but is not wanted. Its launcher may already be gone.
void end_child(std::optional<int> pid) {
  if (!pid) return;
  if (auto child = ChildProcess::own_child(*pid)) (void)child->terminate(std::chrono::milliseconds(0));
}

Result<ChildProcess> take_child(Result<Status> const& status, ChildProcess& launcher) {
  std::string why;
  if (!status) {
    why = status.error().message;
  } else if (!status->running || !status->pid) {
    why = status->failure.empty() ? "bulkhead-jail ended without a word; its own log line is in the program's log" : status->failure;
  }
  if (why.empty()) return ChildProcess::own_child(*status->pid);
  (void)launcher.terminate(std::chrono::milliseconds(0));
  if (status) end_child(status->pid);
  return Failure{Error{"cannot build a jail: " + why, ECANCELED}};
}

}  // namespace

StartFiles::~StartFiles() {
  take_away();
  if (launcher_) (void)launcher_->wait(Clock::now() + std::chrono::seconds(1));
}

bool StartFiles::collect() {
  if (seal_.open()) return false;
  if (launcher_) {
    auto const status = launcher_->wait(Clock::now());
    if (status && !*status) return false;
    launcher_.reset();
  }
  return true;
}

Result<JailedProcess> start_jailed(JailedStart const& start) {
  BH_TRY(status_pipe, make_pipe());
  BH_TRY(seal_pipe, make_pipe());
  SpawnOptions options;
  options.argv = {start.launcher.string()};
  for (auto& word : launcher_options(start.spec)) options.argv.push_back(std::move(word));
  options.argv.emplace_back("--");
  options.argv.insert(options.argv.end(), start.argv.begin(), start.argv.end());
  options.fds = start.fds;
  options.fds.emplace_back(&status_pipe.second, kStatusFd);
  options.fds.emplace_back(&seal_pipe.first, kSealFd);
  options.working_directory = "/";
  options.new_session = true;
  options.die_with_parent = start.spec.die_with_parent;
  BH_TRY(launcher, ChildProcess::spawn(options));
  status_pipe.second.reset();
  seal_pipe.first.reset();
  auto child = take_child(read_status(status_pipe.first), launcher);
  if (!child) return Failure{std::move(child).error()};
  return JailedProcess{*std::move(child), StartFiles(std::move(launcher), std::move(seal_pipe.second))};
}

}  // namespace bh::jail
