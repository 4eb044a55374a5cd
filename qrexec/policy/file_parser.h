// One policy file's text -> rules and directives in order. Pure; whatever a directive points at is the loader's
// business.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "qrexec/policy/rule_parser.h"

namespace bh::policy {

struct IncludeFile {
  std::string path;
  Location at;
};
struct IncludeFolder {
  std::string path;
  Location at;
};
struct IncludeService {
  ServicePattern pattern;
  std::string path;
  Location at;
};
struct IncludeLegacy {
  Location at;
};
using Item = std::variant<Rule, IncludeFile, IncludeFolder, IncludeService, IncludeLegacy>;

struct ParsedFile {
  std::vector<Item> items;
  Problems problems;
};

// `file` gives folder and file name for the locations.
[[nodiscard]] ParsedFile parse_new_style(Location const& file, std::string_view text);
// Lines of one service; `$` and `,` are read as `@` and blank. An include in it is old-style again.
[[nodiscard]] ParsedFile parse_old_style(ServicePattern const& pattern, Location const& file, std::string_view text);

}  // namespace bh::policy
