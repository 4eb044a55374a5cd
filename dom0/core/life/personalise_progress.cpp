#include "dom0/core/life/personalise_progress.h"

#include "base/display_text.h"

namespace bh::dom0 {

namespace {
constexpr std::size_t kLongestLine = 512;
}

void PersonaliseProgress::feed(std::string_view bytes) {
  // GUARD: the helper speaks with a qube; taken over by it, it could still say no more than this to bulkheadd.
  while (!bytes.empty() && !decided()) {
    std::size_t const end = bytes.find('\n');
    rest_ += bytes.substr(0, end);
    if (rest_.size() > kLongestLine) {
      failure_ = "its helper sent a line without end";
      return;
    }
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    take(rest_);
    rest_.clear();
  }
}

void PersonaliseProgress::take(std::string_view line) {
  if (line == "reseeded" && !reseeded_) {
    reseeded_ = true;
  } else if (line == "personalised" && reseeded_) {
    personalised_ = true;
  } else if (line.starts_with("failed ")) {
    failure_ = for_display(line.substr(7), 300);
  } else {
    failure_ = "its helper said something unexpected: " + for_display(line, 64);
  }
}

void PersonaliseProgress::end() {
  if (!decided()) failure_ = "its helper ended without an answer";
}

}  // namespace bh::dom0
