// A Bulkhead of its own below a temporary BULKHEAD_ROOT, driven through its command line as a user would.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "base/temp_dir.h"

namespace bh::e2e {

struct Output {
  int code = 0;
  std::string out;
  std::string err;
};

// Runs to its end (or fails the test after `limit`), collecting both streams.
Output run_program(std::vector<std::string> argv, std::vector<std::pair<std::string, std::optional<std::string>>> environment = {},
                   std::chrono::seconds limit = std::chrono::seconds(180), std::string_view input = {});

// Polls until true; the deadline is generous because the machine is noisy.
bool eventually(std::function<bool()> const& condition, std::chrono::seconds limit = std::chrono::seconds(60));

// A program of the build, e.g. "bulkhead".
std::string program(std::string const& name);
std::filesystem::path source_folder();

class Installation {
 public:
  // `display`: DISPLAY for the daemons, empty for none.
  static Result<Installation> create(std::string display);
  Installation(Installation&&) = default;
  Installation& operator=(Installation&&) = default;
  ~Installation();

  // `bulkhead ARGS...`
  Output bulkhead(std::vector<std::string> args, std::chrono::seconds limit = std::chrono::seconds(180)) const;
  // `bulkhead run QUBE -- ARGS...`, as root where asked.
  Output in_qube(std::string const& qube, std::vector<std::string> args) const;
  Output as_root(std::string const& qube, std::vector<std::string> args) const;
  // The power state that `bulkhead ls --json` prints, "" if there is no such qube.
  [[nodiscard]] std::string state(std::string const& qube) const;

  Result<void> start_daemon(bool stop_qubes_on_exit = true);
  ChildProcess& daemon() { return *daemon_; }
  [[nodiscard]] std::filesystem::path root() const { return folder_.path() / "root"; }
  // {program name in processes.json, pid}; 0 if it is not recorded.
  [[nodiscard]] int recorded_pid(std::string const& qube, std::string const& process) const;
  // Puts the shared cached template below the root as NAME, with words added to its kernel command line.
  Result<void> add_template(std::string const& name, std::string const& extra_cmdline) const;

 private:
  explicit Installation(TempDir folder, std::string display) : folder_(std::move(folder)), display_(std::move(display)) {}
  [[nodiscard]] std::vector<std::pair<std::string, std::optional<std::string>>> environment() const;

  TempDir folder_;
  std::string display_;
  std::optional<ChildProcess> daemon_;
};

// Whether a process (/proc/PID) has a file below `folder` open, or one that was removed from there.
bool holds_file_below(std::filesystem::path const& process, std::filesystem::path const& folder);
// Processes whose environment names `root` as BULKHEAD_ROOT, and those without any environment, as a jail leaves them, that hold files below it:
// what a test must leave none of.
std::vector<int> processes_of(std::filesystem::path const& root);

}  // namespace bh::e2e
