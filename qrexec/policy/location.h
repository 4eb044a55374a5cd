// Where in the policy something stands, and what is wrong there. Every refusal can be traced to a file and a line.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bh::policy {

struct Location {
  std::string folder;      // the folder that was given, e.g. /etc/qubes/policy.d
  std::string file;        // path within it, or the whole path when it lies outside
  std::size_t line = 0;    // 0: the file as a whole (implicit rules of legacy files)
  std::size_t column = 0;  // in bytes, from 1; 0: the whole line

  // "FOLDER/FILE:LINE:COLUMN", as far as known.
  [[nodiscard]] std::string for_people() const;
};

enum class ProblemKind { syntax, filename, io };

struct Problem {
  ProblemKind kind = ProblemKind::syntax;
  Location at;
  std::string message;
  std::string hint;  // what to do; may be empty

  // One line: location, message and hint.
  [[nodiscard]] std::string for_people() const;
};

using Problems = std::vector<Problem>;

}  // namespace bh::policy
