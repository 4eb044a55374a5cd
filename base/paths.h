// Paths: the one place that knows where things lie (docs/architecture.md, "Paths"). A value; main() makes one and hands it down.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace bh {

class Paths {
 public:
  // Everything below `root`.
  static Paths below(std::filesystem::path root);
  // The installed system's places.
  static Paths installed();
  // Below $BULKHEAD_ROOT if it is set and not empty, else the system's. Called by main() only.
  static Paths from_environment();

  [[nodiscard]] std::filesystem::path const& run() const { return run_; }
  [[nodiscard]] std::filesystem::path admin_socket() const { return run_ / "qubesd.sock"; }
  [[nodiscard]] std::filesystem::path qrexec_sockets() const { return run_ / "qrexec"; }
  [[nodiscard]] std::filesystem::path vchan_sockets() const { return run_ / "vchan"; }
  [[nodiscard]] std::filesystem::path qube_run(std::string_view qube) const { return run_ / "qubes" / qube; }
  [[nodiscard]] std::filesystem::path const& lib() const { return lib_; }
  [[nodiscard]] std::filesystem::path database() const { return lib_ / "bulkhead.db"; }
  [[nodiscard]] std::filesystem::path volumes(std::string_view qube) const { return lib_ / "volumes" / qube; }
  [[nodiscard]] std::filesystem::path templates() const { return lib_ / "templates"; }
  [[nodiscard]] std::filesystem::path const& cache() const { return cache_; }
  [[nodiscard]] std::filesystem::path const& log() const { return log_; }
  // In the order of policy.md 1: the run-time folder hides files of the permanent one.
  [[nodiscard]] std::vector<std::filesystem::path> const& policy_dirs() const { return policy_dirs_; }
  [[nodiscard]] std::filesystem::path const& dom0_services() const { return services_; }
  // BULKHEAD_ROOT, if one is in force: what children need in their environment.
  [[nodiscard]] std::optional<std::filesystem::path> const& root() const { return root_; }

  // Makes every folder above (0700 for run and lib, 0755 for etc and log) that is not there.
  Result<void> create() const;

 private:
  Paths() = default;
  std::optional<std::filesystem::path> root_;
  std::filesystem::path run_, lib_, cache_, log_, services_;
  std::vector<std::filesystem::path> policy_dirs_;
};

// The folder of the running executable: siblings of ours are started from there.
std::filesystem::path own_program_folder();

}  // namespace bh
