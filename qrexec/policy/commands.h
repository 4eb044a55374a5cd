// The subcommands of qrexec-policy behind its command line.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/paths.h"

namespace bh::policy {

struct Where {
  std::vector<std::string> folders;
  std::optional<std::string> legacy;
  std::string system_info;  // file; empty: ask the admin daemon
  std::filesystem::path admin_socket;
  bool json = false;

  // Fills in the system's places where no --policy-dir was given.
  void complete(Paths const& paths);
};

struct LintOptions {
  std::vector<std::string> files;
};
struct EvalOptions {
  std::optional<std::string> source, target, service;
  std::string batch;
};

// Both return the exit status.
int run_lint(Where const& where, LintOptions const& options);
int run_eval(Where const& where, EvalOptions const& options);

}  // namespace bh::policy
