#include "qrexec/services/vmexec_argument.h"

#include <optional>

namespace bh::vmexec {

char const* to_string(ArgumentError error) {
  switch (error) {
    case ArgumentError::empty: return "no command is given";
    case ArgumentError::bad_character: return "a character stands bare that must be escaped";
    case ArgumentError::bad_escape: return "'-' is not followed by '-' or two upper-case hex digits";
    case ArgumentError::has_nul: return "a word holds a NUL byte";
  }
  return "bad argument";
}

namespace {

bool stands_for_itself(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

}  // namespace

Result<std::vector<std::string>, ArgumentError> decode(std::string_view argument) {
  std::vector<std::string> words(1);
  while (!argument.empty()) {
    char const c = argument[0];
    argument.remove_prefix(1);
    if (c == '+') {
      words.emplace_back();
    } else if (stands_for_itself(c)) {
      words.back().push_back(c);
    } else if (c != '-') {
      return Failure{ArgumentError::bad_character};
    } else if (argument.starts_with('-')) {
      words.back().push_back('-');
      argument.remove_prefix(1);
    } else {
      auto const high = argument.size() >= 2 ? hex_digit(argument[0]) : std::nullopt;
      auto const low = argument.size() >= 2 ? hex_digit(argument[1]) : std::nullopt;
      if (!high || !low) return Failure{ArgumentError::bad_escape};
      // GUARD: a word that ends earlier for execve than for whoever looked at it.
      if (*high == 0 && *low == 0) return Failure{ArgumentError::has_nul};
      words.back().push_back(static_cast<char>(*high * 16 + *low));
      argument.remove_prefix(2);
    }
  }
  if (words[0].empty()) return Failure{ArgumentError::empty};
  return words;
}

}  // namespace bh::vmexec
