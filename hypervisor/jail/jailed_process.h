// Starting a program in a jail: bulkhead-jail is run, builds it, and leaves us the program as a child of our own.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/child_process.h"
#include "hypervisor/jail/jail_spec.h"

namespace bh::jail {

// Keeps the program's own files in its sight for as long as it starts. Gone or told so, the jail is emptied: nothing is left to open.
class StartFiles {
 public:
  StartFiles() = default;
  StartFiles(ChildProcess launcher, UniqueFd seal) : launcher_(std::make_unique<ChildProcess>(std::move(launcher))), seal_(std::move(seal)) {}
  StartFiles(StartFiles&&) noexcept = default;
  StartFiles& operator=(StartFiles&&) noexcept = default;
  // Takes them away, and waits a moment for the process that does it.
  ~StartFiles();

  // The program has all it needs. Does not wait.
  void take_away() { seal_.reset(); }
  // Once they are taken away: collects the process that did it, if it has ended. True: nothing is left to do.
  bool collect();

 private:
  std::unique_ptr<ChildProcess> launcher_;
  UniqueFd seal_;
};

struct JailedProcess {
  ChildProcess process;
  StartFiles files;
};

struct JailedStart {
  std::filesystem::path launcher;  // bulkhead-jail
  JailSpec spec;
  std::vector<std::string> argv;   // argv[0]: the program's place inside the jail
  std::vector<std::pair<UniqueFd const*, int>> fds;  // as SpawnOptions has them; numbers below kStatusFd
};

// Waits until the program runs or could not be made to: a jail that cannot be built is an error, and nothing runs then.
Result<JailedProcess> start_jailed(JailedStart const& start);

}  // namespace bh::jail
