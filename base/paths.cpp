#include "base/paths.h"

#include <sys/stat.h>

#include <cstdlib>

namespace bh {

namespace fs = std::filesystem;

Paths Paths::below(fs::path root) {
  root = fs::absolute(root).lexically_normal();
  Paths paths;
  paths.root_ = root;
  paths.run_ = root / "run";
  paths.lib_ = root / "var/lib";
  paths.cache_ = root / "var/cache";
  paths.log_ = root / "var/log";
  paths.services_ = root / "etc/qubes-rpc";
  paths.policy_dirs_ = {root / "run/policy.d", root / "etc/policy.d"};
  return paths;
}

Paths Paths::installed() {
  Paths paths;
  paths.run_ = "/run/bulkhead";
  paths.lib_ = "/var/lib/bulkhead";
  paths.cache_ = "/var/cache/bulkhead";
  paths.log_ = "/var/log/bulkhead";
  paths.services_ = "/etc/qubes-rpc";
  paths.policy_dirs_ = {"/run/qubes/policy.d", "/etc/qubes/policy.d"};
  return paths;
}

Paths Paths::from_environment() {
  char const* const root = std::getenv("BULKHEAD_ROOT");
  return root != nullptr && *root != '\0' ? below(root) : installed();
}

Result<void> Paths::create() const {
  auto const make = [](fs::path const& path, fs::perms mode) -> Result<void> {
    std::error_code error;
    bool const fresh = fs::create_directories(path, error);
    if (error) return Failure{Error::from_errno("make the folder " + path.string(), error.value())};
    if (fresh) fs::permissions(path, mode, error);
    if (error) return Failure{Error::from_errno("set the mode of " + path.string(), error.value())};
    return {};
  };
  auto const closed = fs::perms::owner_all;
  auto const readable = closed | fs::perms::group_read | fs::perms::group_exec | fs::perms::others_read | fs::perms::others_exec;
  for (auto const& path : {run_, qrexec_sockets(), vchan_sockets(), run_ / "qubes", lib_, lib_ / "volumes", templates()}) {
    BH_CHECK(make(path, closed));
  }
  for (auto const& path : policy_dirs_) BH_CHECK(make(path, readable));
  for (auto const& path : {cache_, log_, services_}) BH_CHECK(make(path, readable));
  return {};
}

fs::path own_program_folder() {
  std::error_code error;
  fs::path const self = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path("/usr/lib/bulkhead") : self.parent_path();
}

}  // namespace bh
