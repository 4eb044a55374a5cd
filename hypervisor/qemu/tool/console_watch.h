// Follows a console log as it grows and notes when texts appear.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/posix_io.h"

namespace bh::qemu::tool {

class ConsoleWatch {
 public:
  ConsoleWatch(UniqueFd log, std::vector<std::string> texts, Clock::time_point begin)
      : log_(std::move(log)), wanted_(std::move(texts)), begin_(begin) {}
  // What is new, fit for a terminal.
  Result<std::string> next();
  [[nodiscard]] bool all_seen() const { return seen_.size() == wanted_.size(); }
  // Milliseconds from the begin, by text.
  [[nodiscard]] std::map<std::string, std::int64_t> const& seen() const { return seen_; }

 private:
  UniqueFd log_;
  std::vector<std::string> wanted_;
  Clock::time_point begin_;
  std::string tail_;
  std::map<std::string, std::int64_t> seen_;
};

}  // namespace bh::qemu::tool
