// How long the phases of one start took, for `bulkhead start --timing`, an event and a property. Pure: time is handed in.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/posix_io.h"

namespace bh::dom0 {

class StartTiming {
 public:
  void begin(Clock::time_point now) { *this = StartTiming(now); }
  // The phase that just ended.
  void mark(std::string phase, Clock::time_point now) {
    phases_.emplace_back(std::move(phase), std::chrono::duration_cast<std::chrono::milliseconds>(now - last_));
    last_ = now;
  }
  // A figure that is part of a phase, or overlaps some.
  void note(std::string what, std::chrono::milliseconds time) { phases_.emplace_back(std::move(what), time); }
  // A warm start that failed and what it took: the phases of the cold one follow.
  void turned_cold(std::string reason, Clock::time_point now) {
    mark("failed-warm-start", now);
    set_cold(std::move(reason));
  }
  void set_warm() { kind_ = "warm", reason_.clear(); }
  void set_cold(std::string reason) { kind_ = "cold", reason_ = std::move(reason); }
  [[nodiscard]] std::string const& kind() const { return kind_; }
  // Why not warm; empty for a warm start and for one that was not meant to be warm.
  [[nodiscard]] std::string const& reason() const { return reason_; }
  // In the order of time: kind, total and each phase, in milliseconds, then the reason.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> values() const;
  // "kind=warm total=161 spawn=9 ...", the reason last.
  [[nodiscard]] std::string text() const;

  StartTiming() = default;

 private:
  explicit StartTiming(Clock::time_point now) : begun_(now), last_(now) {}
  Clock::time_point begun_;
  Clock::time_point last_;
  std::string kind_ = "cold";
  std::string reason_;
  std::vector<std::pair<std::string, std::chrono::milliseconds>> phases_;
};

}  // namespace bh::dom0
