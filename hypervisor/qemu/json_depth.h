// How deep a JSON text nests, counted before it is parsed, so that neither a parser nor the destructor of its tree ever sees more.
#pragma once

#include <string_view>

namespace bh::qemu {

[[nodiscard]] inline bool nests_too_deep(std::string_view text, int limit) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (in_string) {
      // Brackets in strings do not nest.
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > limit) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace bh::qemu
