// Loads all policy files in their order into one Policy (policy.md 1, 2, 5, 6). Fails closed: one problem anywhere and
// there is no Policy at all. Reads through PolicyFiles only.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "qrexec/policy/policy.h"
#include "qrexec/policy/policy_files.h"

namespace bh::policy {

// GUARD: a policy folder that a confused or hostile tool filled must cost bounded memory and time.
inline constexpr std::size_t kMaxFileSize = std::size_t{1} << 20;
inline constexpr std::size_t kMaxFiles = 256;  // read in all, an included one each time
inline constexpr std::size_t kMaxLineSize = 8192;
inline constexpr std::size_t kMaxIncludeDepth = 16;
inline constexpr std::size_t kMaxRules = 100000;
inline constexpr std::size_t kMaxProblems = 200;  // then we stop looking for more

struct PolicyFolders {
  std::vector<std::string> folders;   // an earlier one hides files of the same name in a later one
  std::optional<std::string> legacy;  // what !compat-4.0 reads
};

[[nodiscard]] Result<Policy, Problems> load_policy(PolicyFiles const& files, PolicyFolders const& where);

// What one file says for itself: includes are checked for their form only, not followed.
struct SingleFile {
  std::vector<Rule> rules;
  Problems problems;
};
[[nodiscard]] SingleFile parse_single_file(std::string const& name, std::string_view text);

}  // namespace bh::policy
