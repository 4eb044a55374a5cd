// The subcommands of qrexec-policy behind its command line. All return the exit status: 0 good, 1 not as it should be, 2 wrong usage
// or unreadable input.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/paths.h"

namespace bh::policy::tool {

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
int run_lint(Where const& where, LintOptions const& options);

struct EvalOptions {
  std::optional<std::string> source, target, service;
  std::string batch;
};
int run_eval(Where const& where, EvalOptions const& options);

struct ExplainOptions {
  std::string source, target, service;
};
int run_explain(Where const& where, ExplainOptions const& options);

struct WhoOptions {
  std::optional<std::string> to, from, service;
  bool without_ask = false;
};
int run_who(Where const& where, WhoOptions const& options);

struct GraphToolOptions {
  std::vector<std::string> sources, targets, services;
  std::string format = "dot";  // dot, svg
  std::string output;          // empty: standard output
  bool include_ask = false;
  bool skip_labels = false;
};
int run_graph(Where const& where, GraphToolOptions const& options);

struct TestOptions {
  std::vector<std::string> files;
};
int run_test(Where const& where, TestOptions const& options);

struct DiffOptions {
  std::vector<std::string> with;  // folders of the other policy
  std::optional<std::string> with_legacy, source, service;
};
int run_diff(Where const& where, DiffOptions const& options);

struct StoreOptions {
  std::string name;
  std::string token = "any";
  bool include = false;     // list
  bool through_qrexec = false;
};
int run_list(Where const& where, StoreOptions const& options);
int run_get(Where const& where, StoreOptions const& options);
int run_replace(Where const& where, StoreOptions const& options);
int run_remove(Where const& where, StoreOptions const& options);

struct EditOptions {
  std::string name = "30-user";
  bool restore = false;
};
int run_edit(Where const& where, EditOptions const& options);

}  // namespace bh::policy::tool
