#include "dom0/core/storage/pool_driver.h"

#include <algorithm>
#include <cctype>
#include <cerrno>

#include "base/display_text.h"
#include "base/number.h"
#include "hypervisor/volumes/pool/file_pool.h"
#include "hypervisor/volumes/pool/lvm_thin_pool.h"

namespace bh::dom0 {

namespace {

constexpr std::size_t kMaxPath = 1024;

bool known(std::vector<std::string_view> const& names, std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); }

// GUARD: a caller's path. Absolute and plain, so that it means the same wherever it is shown and used.
bool is_plain_path(std::string const& text) {
  if (text.empty() || text.size() > kMaxPath || text.front() != '/' || for_display(text, kMaxPath) != text) return false;
  std::filesystem::path const path(text);
  return std::none_of(path.begin(), path.end(), [](std::filesystem::path const& part) { return part == ".." || part == "."; });
}

Result<std::shared_ptr<volumes::Pool>> open_file_pool(PoolSpec const& spec) {
  std::filesystem::path const folder = spec.options.at("dir_path");
  std::error_code error;
  if (std::filesystem::create_directory(folder, error)) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  BH_TRY(pool, volumes::FilePool::open(folder));
  return std::shared_ptr<volumes::Pool>(std::move(pool));
}

}  // namespace

std::vector<PoolDriver> const& pool_drivers() {
  static std::vector<PoolDriver> const drivers{
      {"file", {"dir_path", "ephemeral_volatile", "revisions_to_keep"}, {"dir_path"}},
      {"lvm_thin", {"ephemeral_volatile", "revisions_to_keep", "thin_pool", "volume_group"}, {"thin_pool", "volume_group"}},
  };
  return drivers;
}

std::optional<std::string> objection_to_pool(PoolSpec const& spec) {
  auto const driver = std::find_if(pool_drivers().begin(), pool_drivers().end(), [&](PoolDriver const& one) { return one.name == spec.driver; });
  if (driver == pool_drivers().end()) return "there is no driver " + for_display(spec.driver, 64);
  for (auto const& [name, value] : spec.options) {
    if (!known(driver->options, name)) return "driver " + spec.driver + " has no option " + for_display(name, 64);
    if (name == "revisions_to_keep" && !parse_keep(value)) return "revisions_to_keep is a number from -1 to 1000";
    if (name == "ephemeral_volatile" && !parse_flag(value)) return "ephemeral_volatile is True or False";
    if (name == "dir_path" && !is_plain_path(value)) return "dir_path is an absolute path of printable characters, without . and ..";
  }
  for (auto const needed : driver->needed) {
    if (!spec.options.contains(std::string(needed))) return "driver " + spec.driver + " needs " + std::string(needed) + "=...";
  }
  return std::nullopt;
}

Result<std::shared_ptr<volumes::Pool>> open_pool(PoolSpec const& spec) {
  if (spec.driver == "file") return open_file_pool(spec);
  if (spec.driver == "lvm_thin") {
    BH_TRY(pool, volumes::LvmThinPool::open(spec.options.at("volume_group"), spec.options.at("thin_pool"), volumes::run_lvm));
    return std::shared_ptr<volumes::Pool>(std::move(pool));
  }
  return Failure{Error{"this version has no driver " + spec.driver, ENOTSUP}};
}

std::optional<volumes::KeepRevisions> parse_keep(std::string_view text) {
  if (text == "-1") return volumes::KeepRevisions::in_place();
  auto const number = parse_decimal(text, 1000);
  return number ? volumes::KeepRevisions::make(static_cast<int>(*number)) : std::nullopt;
}

std::optional<bool> parse_flag(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (auto const* yes : {"1", "yes", "true", "on"}) if (lower == yes) return true;
  for (auto const* no : {"0", "no", "false", "off"}) if (lower == no) return false;
  return std::nullopt;
}

}  // namespace bh::dom0
