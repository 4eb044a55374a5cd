// Landlock: which files a process may still touch by name. No privilege needed; can only be tightened, and holds for all children. What is
// open stays open. It does not see connect() to a unix socket: that is for the system call filter and the folders' modes.
#pragma once

#include <filesystem>
#include <vector>

#include "base/error.h"

namespace bh {

struct FileAccess {
  // Files, or folders with all below.
  std::vector<std::filesystem::path> readable;
  // Folders in which files and sockets may be made, written and removed. None may be run.
  std::vector<std::filesystem::path> writable;
};

// The version of Landlock that this kernel has; 0: none, or switched off.
[[nodiscard]] int landlock_version();
// For the calling thread and all it starts from now on. Everything not named is refused, running programs and TCP too, and where the kernel
// can, abstract sockets and signals beyond our own children. A path that is not there is left out. Needs no_new_privs.
Result<void> restrict_files(FileAccess const& access);

}  // namespace bh
