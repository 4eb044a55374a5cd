// Telling how far a copy is (filecopy.md section 6): to a person on a terminal, or to a dialog program.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "base/unique_fd.h"

namespace bh::qfile {

enum class ProgressKind {
  none,
  console,  // "sent 12/99 KB" over and over on one line
  dialog,   // the number of bytes so far, a line each
};

class Progress {
 public:
  Progress(ProgressKind kind, std::uint64_t total_bytes, UniqueFd output)
      : kind_(kind), total_(total_bytes), output_(std::move(output)) {}
  // EPIPE in errno_value: the user closed the dialog, which cancels the copy.
  Result<void> at(std::uint64_t bytes);
  Result<void> end(std::uint64_t bytes);

 private:
  Result<void> tell(std::uint64_t bytes, bool last);
  ProgressKind kind_;
  std::uint64_t total_;
  UniqueFd output_;
  std::uint64_t told_ = 0;
  bool begun_ = false;
};

}  // namespace bh::qfile
