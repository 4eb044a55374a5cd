// Which names may be shown to a person without deceiving or disturbing: printable ASCII, and UTF-8 of a frozen list of code points
// (filecopy.md section 4). No controls, combining marks, right-to-left or invisible characters; unknown is unsafe.
#pragma once

#include <cstdint>
#include <string_view>

namespace bh::qfile {

[[nodiscard]] bool safe_for_display(std::uint32_t code_point);
// Whole text well-formed UTF-8 (no overlong forms, no surrogates) and every code point safe.
[[nodiscard]] bool safe_for_display(std::string_view utf8);

}  // namespace bh::qfile
