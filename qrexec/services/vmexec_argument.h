// The argument of qubes.VMExec: a command line whose words are written so that they survive as a service argument (admin-api.md 7).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bh::vmexec {

enum class ArgumentError { empty, bad_character, bad_escape, has_nul };
[[nodiscard]] char const* to_string(ArgumentError error);

// Words are joined by '+'; in a word `--` is '-', `-XX` a byte in upper-case hex, A-Z a-z 0-9 _ and . stand for themselves.
[[nodiscard]] Result<std::vector<std::string>, ArgumentError> decode(std::string_view argument);

}  // namespace bh::vmexec
