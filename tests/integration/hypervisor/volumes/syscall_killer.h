// A child process that is killed at one exact point: before or after its Nth system call. No random moment is needed to hit the gap between two
// steps, since a process can change nothing on a disk but by a system call.
#pragma once

#include <functional>
#include <optional>

namespace bh::volumes {

enum class Fate { finished, killed, untraceable };

// Runs `work` in a child. Killed (SIGKILL) at the Nth stop, counted from 1; finished if there were fewer. Each call stops twice: before and after.
Fate run_and_kill_at(std::function<void()> const& work, int stop);

}  // namespace bh::volumes
