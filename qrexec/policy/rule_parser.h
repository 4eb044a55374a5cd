// One rule line -> Rule. Pure: no file is touched here.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "qrexec/policy/rule.h"
#include "qrexec/policy/words.h"

namespace bh::policy {

// What a line may be wrong about; the loader adds the file and the line.
struct LineError {
  std::size_t column = 0;
  std::string message;
  std::string hint;
};

// The pair every line of a file for one service shares.
struct ServicePattern {
  std::optional<std::string> service;
  std::optional<std::string> argument;
};

[[nodiscard]] Result<ServicePattern, LineError> parse_service_pattern(Word service, Word argument);
// SERVICE ARGUMENT SOURCE TARGET ACTION [PARAM=VALUE]...
[[nodiscard]] Result<Rule, LineError> parse_rule(std::span<Word const> words, Location at);
// SOURCE TARGET ACTION [PARAM=VALUE]... of an old-style file.
[[nodiscard]] Result<Rule, LineError> parse_rule_of_service(ServicePattern pattern, std::span<Word const> words,
                                                            Location at);

// Letters, digits and ._- for services; + as well for arguments. Shared with the check of requests.
[[nodiscard]] bool is_service_name(std::string_view text);
[[nodiscard]] bool is_argument(std::string_view text);

}  // namespace bh::policy
