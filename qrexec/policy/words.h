// The lowest layer of the policy grammar: lines of a file, words of a line. Pure functions over the file's text.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace bh::policy {

// Offset of the first byte that is not UTF-8 (overlong forms and surrogates included); nullopt if there is none.
[[nodiscard]] std::optional<std::size_t> first_invalid_utf8(std::string_view text);

// Lines without their ends. LF, CR LF and a lone CR end a line: a lone CR must not hide a rule behind a comment.
[[nodiscard]] std::vector<std::string_view> split_lines(std::string_view text);

struct Word {
  std::string_view text;
  std::size_t column = 0;  // of its first byte, from 1
};

// Split at any run of white space, Unicode's included.
[[nodiscard]] std::vector<Word> split_words(std::string_view line);

}  // namespace bh::policy
