#include <filesystem>

#include "base/posix_io.h"
#include "qrexec/policy/policy_files.h"

namespace bh::policy {
namespace {

namespace fs = std::filesystem;

PolicyFiles::Kind kind_of(fs::file_type type) {
  if (type == fs::file_type::regular) return PolicyFiles::Kind::file;
  if (type == fs::file_type::directory) return PolicyFiles::Kind::folder;
  if (type == fs::file_type::not_found) return PolicyFiles::Kind::missing;
  return PolicyFiles::Kind::other;
}

}  // namespace

Result<std::vector<PolicyFiles::Entry>> DiskPolicyFiles::list(std::string const& folder) const {
  std::error_code failed;
  std::vector<Entry> entries;
  fs::directory_iterator at(folder, failed);
  for (; !failed && at != fs::directory_iterator(); at.increment(failed)) {
    std::string const name = at->path().filename().string();
    auto const found = kind(at->path().string());
    if (!found) return Failure{found.error()};
    entries.push_back({name, *found});
  }
  if (failed) return Failure{Error::from_errno("read the folder " + folder, failed.value())};
  return entries;
}

Result<PolicyFiles::Kind> DiskPolicyFiles::kind(std::string const& path) const {
  std::error_code failed;
  fs::file_status const status = fs::status(path, failed);
  // A missing file is an answer; anything else that keeps us from looking (permissions, a loop of links) must not hide
  // a rule.
  if (failed && status.type() != fs::file_type::not_found)
    return Failure{Error::from_errno("look at " + path, failed.value())};
  return kind_of(status.type());
}

Result<std::string> DiskPolicyFiles::read(std::string const& path, std::size_t cap) const {
  return read_file(path, cap);
}

}  // namespace bh::policy
