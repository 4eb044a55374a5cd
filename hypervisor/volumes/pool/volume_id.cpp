#include "hypervisor/volumes/pool/volume_id.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "base/number.h"

namespace bh::volumes {

namespace {

constexpr std::size_t kMaxQube = 31;
constexpr std::size_t kMaxVolume = 16;
constexpr std::size_t kTimeLength = 16;  // 20261122T161800Z

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<VolumeId> VolumeId::make(std::string_view qube, std::string_view volume) {
  // GUARD: both become parts of paths and of command lines; neither can hold '/', begin with '.' or '-', or be empty.
  bool const good_qube = !qube.empty() && qube.size() <= kMaxQube && is_letter(qube.front()) &&
                         std::all_of(qube.begin(), qube.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-'; });
  bool const good_volume = !volume.empty() && volume.size() <= kMaxVolume && std::all_of(volume.begin(), volume.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (!good_qube || !good_volume) return std::nullopt;
  return VolumeId(std::string(qube), std::string(volume));
}

std::optional<VolumeId> VolumeId::parse(std::string_view text) {
  auto const slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return make(text.substr(0, slash), text.substr(slash + 1));
}

RevisionId RevisionId::make(std::uint32_t number, std::int64_t unix_time) {
  std::time_t const time = static_cast<std::time_t>(unix_time);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 32> buffer{};
  std::size_t const length = std::strftime(buffer.data(), buffer.size(), "%Y%m%dT%H%M%SZ", &parts);
  return {number, std::to_string(number) + "-" + std::string(buffer.data(), length)};
}

std::optional<RevisionId> RevisionId::parse(std::string_view text) {
  auto const dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  auto const number = parse_decimal(text.substr(0, dash), UINT32_MAX);
  std::string_view const time = text.substr(dash + 1);
  if (!number || time.size() != kTimeLength || time[8] != 'T' || time.back() != 'Z') return std::nullopt;
  for (std::size_t i = 0; i + 1 < time.size(); ++i) {
    if (i != 8 && !is_digit(time[i])) return std::nullopt;
  }
  return RevisionId(static_cast<std::uint32_t>(*number), std::string(text));
}

}  // namespace bh::volumes
