// Waiting until a file is removed, by event: how programs that were started early are told to begin.
#pragma once

#include <filesystem>

#include "base/posix_io.h"

namespace bh {

class GoneWatch {
 public:
  static Result<GoneWatch> of(std::filesystem::path const& path);
  // Readable when it is worth asking again; not open if the file was not there to begin with.
  [[nodiscard]] UniqueFd const& pollable() const { return inotify_; }
  // Never waits.
  [[nodiscard]] bool gone();
  // False: still there at the deadline.
  Result<bool> wait(Deadline deadline);

 private:
  GoneWatch(std::filesystem::path path, UniqueFd inotify) : path_(std::move(path)), inotify_(std::move(inotify)) {}
  std::filesystem::path path_;
  UniqueFd inotify_;
};

}  // namespace bh
