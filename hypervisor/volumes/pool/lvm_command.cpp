#include "hypervisor/volumes/pool/lvm_command.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/display_text.h"
#include "base/number.h"

namespace bh::volumes::lvm {

namespace {

constexpr char const* kProgram = "/usr/sbin/lvm";
constexpr std::string_view kPrefix = "vm+";
constexpr std::size_t kMaxList = std::size_t{4} << 20;

std::string path(std::string const& group, std::string const& name) { return group + "/" + name; }
std::string bytes(ByteCount size) { return std::to_string(size.value()) + "b"; }

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    auto const at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

// "12.34" or nothing; of `whole`.
std::optional<ByteCount> share(std::string_view percent, ByteCount whole) {
  if (percent.empty()) return ByteCount(0);
  auto const dot = percent.find('.');
  auto const number = parse_decimal(percent.substr(0, dot), 100);
  if (!number || percent.size() > 8) return std::nullopt;
  auto const value = std::strtod(std::string(percent).c_str(), nullptr);
  // Rounding, and an odd "100.5", must not use more than there is.
  return std::min(whole, ByteCount(static_cast<std::uint64_t>(static_cast<long double>(whole.value()) * value / 100.0L)));
}

}  // namespace

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 64 || text.front() == '-' || text.front() == '.') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-'; });
}

std::string name_of(VolumeId const& id, std::string_view suffix) {
  return std::string(kPrefix) + id.qube() + "+" + id.volume() + (suffix.empty() ? "" : "+" + std::string(suffix));
}

std::optional<ParsedName> parse_name(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  auto const parts = split(name.substr(kPrefix.size()), '+');
  if (parts.size() != 2 && parts.size() != 3) return std::nullopt;
  auto id = VolumeId::make(parts[0], parts[1]);
  if (!id || (parts.size() == 3 && parts[2].empty())) return std::nullopt;
  return ParsedName{std::move(*id), parts.size() == 3 ? std::string(parts[2]) : std::string()};
}

Words list(std::string const& group) {
  return {kProgram, "lvs", "--noheadings", "--units", "b", "--nosuffix", "--separator", "|", "-o", "lv_name,lv_size,data_percent,lv_metadata_size,metadata_percent", group};
}
Words create(std::string const& group, std::string const& pool, std::string const& name, ByteCount size) {
  return {kProgram, "lvcreate", "--quiet", "--yes", "--thin", "--virtualsize", bytes(size), "--name", name, path(group, pool)};
}
// -kn -ay: thin snapshots are not activated unless told so.
Words snapshot(std::string const& group, std::string const& of, std::string const& name) {
  return {kProgram, "lvcreate", "--quiet", "--yes", "--snapshot", "-kn", "-ay", "--name", name, path(group, of)};
}
Words rename(std::string const& group, std::string const& from, std::string const& to) { return {kProgram, "lvrename", "--quiet", group, from, to}; }
Words remove(std::string const& group, std::string const& name) { return {kProgram, "lvremove", "--quiet", "--yes", path(group, name)}; }
Words extend(std::string const& group, std::string const& name, ByteCount size) { return {kProgram, "lvextend", "--quiet", "--size", bytes(size), path(group, name)}; }

Result<std::vector<LogicalVolume>> parse_list(std::string_view text) {
  if (text.size() > kMaxList) return Failure{Error{"LVM lists more volumes than can be", EFBIG}};
  std::vector<LogicalVolume> all;
  for (auto line : split(text, '\n')) {
    while (line.starts_with(' ')) line.remove_prefix(1);
    while (line.ends_with(' ')) line.remove_suffix(1);
    if (line.empty()) continue;
    auto const cells = split(line, '|');
    auto const bad = [&] { return Failure{Error{"LVM's list has a line that makes no sense: " + for_display(line, 120), EINVAL}}; };
    if (cells.size() != 5) return bad();
    auto const size = parse_decimal(cells[1]);
    auto const metadata = cells[3].empty() ? std::optional<std::uint64_t>(0) : parse_decimal(cells[3]);
    if (!size || !metadata) return bad();
    auto const used = share(cells[2], ByteCount(*size));
    auto const metadata_used = share(cells[4], ByteCount(*metadata));
    if (!used || !metadata_used) return bad();
    all.push_back({std::string(cells[0]), ByteCount(*size), *used, ByteCount(*metadata), *metadata_used});
  }
  return all;
}

}  // namespace bh::volumes::lvm
