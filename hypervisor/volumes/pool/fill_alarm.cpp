#include "hypervisor/volumes/pool/fill_alarm.h"

#include <algorithm>
#include <array>

namespace bh::volumes {

namespace {

constexpr std::array kThresholds{90, 95, 99};
// Below the threshold by so much before it can warn again: a pool that breathes around 90 % must not warn at each breath.
constexpr int kRelief = 3;

int percent(ByteCount used, ByteCount size) {
  if (size.value() == 0) return 100;
  // Sizes of whole machines fit 64 bits by far; a hundred times as much may not.
  auto const part = static_cast<long double>(used.value()) / static_cast<long double>(size.value());
  return static_cast<int>(std::clamp(part * 100.0L, 0.0L, 100.0L));
}

}  // namespace

int percent_full(PoolUsage const& usage) {
  int const data = percent(usage.used, usage.size);
  return usage.metadata_size && usage.metadata_used ? std::max(data, percent(*usage.metadata_used, *usage.metadata_size)) : data;
}

std::optional<int> FillAlarm::look(PoolUsage const& usage) {
  int const now = percent_full(usage);
  int reached = 0;
  for (int const threshold : kThresholds) {
    if (now >= threshold || (passed_ >= threshold && now > threshold - kRelief)) reached = threshold;
  }
  bool const warn = reached > passed_;
  passed_ = reached;
  return warn ? std::optional(reached) : std::nullopt;
}

}  // namespace bh::volumes
