// One call that stays open: `bulkhead run QUBE -- cat` with pipes of ours at both ends.
#pragma once

#include <filesystem>
#include <string>

#include "base/child_process.h"

namespace bh::bench {

class OpenCall {
 public:
  // `root` is the installation's BULKHEAD_ROOT.
  static Result<OpenCall> start(std::filesystem::path const& root, std::string const& qube);
  // One byte there and back: seconds. Negative: the call ended or did not answer within 30 s.
  double echo();
  // Ends its input and waits for the program's end.
  Result<void> finish();

 private:
  OpenCall(ChildProcess process, UniqueFd to, UniqueFd from) : process_(std::move(process)), to_(std::move(to)), from_(std::move(from)) {}
  ChildProcess process_;
  UniqueFd to_;
  UniqueFd from_;
};

}  // namespace bh::bench
