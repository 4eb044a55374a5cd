// Names of entries and targets of symbolic links as they come from another qube (filecopy.md section 4). Lexical only; the file
// system's side of it is incoming_folder.h.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bh::qfile {

enum class NameRules {
  strict,     // every component safe for display
  allow_all,  // any byte but NUL and '/'
};

enum class NameError { bad_form, unsafe_characters, too_deep, unsafe_link };

inline constexpr std::size_t kMaxDepth = 512;
inline constexpr std::size_t kMaxNameLength = 16382;  // 16383 with the NUL on the wire
inline constexpr std::size_t kMaxTargetLength = 16383;

// A relative path of 1..512 components, none of them empty, "." or "..", without a slash at either end.
class EntryName {
 public:
  static Result<EntryName, NameError> parse(std::string_view text, NameRules rules);
  [[nodiscard]] std::string const& text() const { return text_; }
  [[nodiscard]] std::size_t depth() const { return depth_; }
  // All but the last component; empty for a top-level entry.
  [[nodiscard]] std::string parent() const;
  [[nodiscard]] std::string last() const;

 private:
  EntryName(std::string text, std::size_t depth) : text_(std::move(text)), depth_(depth) {}
  std::string text_;
  std::size_t depth_;
};

// A target that, from the link's own place, cannot leave the top-level entry it lies in. Top-level entries can be no links.
class LinkTarget {
 public:
  static Result<LinkTarget, NameError> parse(std::string_view text, EntryName const& link, NameRules rules);
  [[nodiscard]] std::string const& text() const { return text_; }

 private:
  explicit LinkTarget(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace bh::qfile
