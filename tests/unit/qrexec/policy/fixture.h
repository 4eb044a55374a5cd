// What the policy tests share: files in memory, and the system of the worked examples (protocols/policy.md 10).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "qrexec/policy/decide.h"
#include "qrexec/policy/loader.h"

namespace bh::policy::test {

// A tree of files in a map: path -> content. Folders are the prefixes, and those named in `folders`.
class MemoryFiles final : public PolicyFiles {
 public:
  std::map<std::string, std::string> files;
  std::vector<std::string> folders;

  [[nodiscard]] Result<std::vector<Entry>> list(std::string const& folder) const override;
  [[nodiscard]] Result<Kind> kind(std::string const& path) const override;
  [[nodiscard]] Result<std::string> read(std::string const& path, std::size_t cap) const override;
};

[[nodiscard]] SystemInfo example_system();
// The notation of the sheet: "allow target=personal rt=personal", "deny: no match, N", "ask choices a, b, preselected
// `a`".
[[nodiscard]] std::string in_sheet_notation(Decision const& decision);
// `request`: SERVICE[+ARG] SOURCE TARGET [REQUESTED_SOURCE]; "-" for the empty target.
[[nodiscard]] Decision decide_words(Policy const& policy, SystemInfo const& info, std::string_view request);

}  // namespace bh::policy::test
