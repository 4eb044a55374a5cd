#include "base/temp_dir.h"

#include <cstdlib>
#include <string>

namespace bh {

Result<TempDir> TempDir::create(std::string_view prefix) {
  std::error_code ignored;
  std::string pattern = (std::filesystem::temp_directory_path(ignored) / prefix).string() + "-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return Failure{Error::from_errno("make a temporary folder " + pattern)};
  return TempDir(pattern);
}

TempDir::~TempDir() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace bh
