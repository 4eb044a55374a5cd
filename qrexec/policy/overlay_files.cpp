#include "qrexec/policy/overlay_files.h"

#include <cerrno>
#include <filesystem>

namespace bh::policy {
namespace {

std::string normal(std::string const& path) { return std::filesystem::path(path).lexically_normal().string(); }

}  // namespace

OverlayFiles::OverlayFiles(PolicyFiles const& below, std::string path, std::optional<std::string> content)
    : below_(below), path_(normal(path)), content_(std::move(content)) {}

Result<std::vector<PolicyFiles::Entry>> OverlayFiles::list(std::string const& folder) const {
  BH_TRY(entries, below_.list(folder));
  std::filesystem::path const path(path_);
  if (normal(folder + "/") != normal(path.parent_path().string() + "/")) return entries;
  std::string const name = path.filename().string();
  std::erase_if(entries, [&](Entry const& entry) { return entry.name == name; });
  if (content_) entries.push_back({name, Kind::file});
  return entries;
}

Result<PolicyFiles::Kind> OverlayFiles::kind(std::string const& path) const {
  if (normal(path) == path_) return content_ ? Kind::file : Kind::missing;
  return below_.kind(path);
}

Result<std::string> OverlayFiles::read(std::string const& path, std::size_t cap) const {
  if (normal(path) != path_) return below_.read(path, cap);
  if (!content_) return Failure{Error{"there is no " + path, ENOENT}};
  if (content_->size() > cap) return Failure{Error{path + " is longer than " + std::to_string(cap) + " bytes", EFBIG}};
  return *content_;
}

}  // namespace bh::policy
