// Runs a program to its end and gives what it printed: for small helpers whose answer is wanted, not for services.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "base/child_process.h"

namespace bh {

struct ProgramOutput {
  std::string text;
  ExitStatus status;  // not judged here: some programs tell good news with a 1
};
struct OutputLimits {
  std::size_t most;                // bytes
  std::chrono::milliseconds time;  // from start to end
};

// `options.fds` may name any but 1, which is read (and 2 with it if `with_errors`). Nothing is left of the program when this returns. Errors: it cannot be
// started (the kernel's reason), ETIMEDOUT, EFBIG; the text names the program.
Result<ProgramOutput> program_output(SpawnOptions options, OutputLimits limits, bool with_errors = false);

}  // namespace bh
