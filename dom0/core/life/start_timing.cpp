#include "dom0/core/life/start_timing.h"

namespace bh::dom0 {

std::vector<std::pair<std::string, std::string>> StartTiming::values() const {
  std::vector<std::pair<std::string, std::string>> values{
      {"kind", kind_}, {"total", std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(last_ - begun_).count())}};
  for (auto const& [phase, time] : phases_) values.emplace_back(phase, std::to_string(time.count()));
  if (!reason_.empty()) values.emplace_back("reason", reason_);
  return values;
}

std::string StartTiming::text() const {
  std::string text;
  for (auto const& [key, value] : values()) text += (text.empty() ? "" : " ") + key + "=" + value;
  return text;
}

}  // namespace bh::dom0
