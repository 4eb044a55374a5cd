// What `bulkhead-personalise host` says on its stdout, one word a line: reseeded, personalised, or failed TEXT. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bh::dom0 {

class PersonaliseProgress {
 public:
  void feed(std::string_view bytes);
  // The helper said all it will say.
  void end();

  [[nodiscard]] bool reseeded() const { return reseeded_; }
  [[nodiscard]] bool personalised() const { return personalised_; }
  // Fit to be shown.
  [[nodiscard]] std::optional<std::string> const& failure() const { return failure_; }
  [[nodiscard]] bool decided() const { return personalised_ || failure_; }

 private:
  void take(std::string_view line);
  std::string rest_;
  bool reseeded_ = false;
  bool personalised_ = false;
  std::optional<std::string> failure_;
};

}  // namespace bh::dom0
