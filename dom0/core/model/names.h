// Checked texts of the model: once such a value exists, its characters need no second thought anywhere (SQL, files, event frames).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace bh::dom0 {

// A text that matched one rule; Rule::allows(text) decides.
template <class Rule>
class CheckedText {
 public:
  static std::optional<CheckedText> parse(std::string_view text) {
    if (!Rule::allows(text)) return std::nullopt;
    return CheckedText(std::string(text));
  }
  [[nodiscard]] std::string const& text() const { return text_; }
  friend bool operator==(CheckedText const&, CheckedText const&) = default;
  friend auto operator<=>(CheckedText const&, CheckedText const&) = default;

 private:
  explicit CheckedText(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

struct FeatureNameRule { static bool allows(std::string_view text); };   // [A-Za-z0-9_.-]+, at most 255
struct FeatureValueRule { static bool allows(std::string_view text); };  // 0x20..0x7E, may be empty, at most 16384
struct TagRule { static bool allows(std::string_view text); };           // [A-Za-z0-9_-]+, at most 255
struct LabelNameRule { static bool allows(std::string_view text); };     // [A-Za-z0-9_.-]+, at most 63
struct PoolNameRule { static bool allows(std::string_view text); };      // a letter or digit, then [A-Za-z0-9_.-], at most 63
struct UuidRule { static bool allows(std::string_view text); };          // 36 characters, lower-case hex
using FeatureName = CheckedText<FeatureNameRule>;
using FeatureValue = CheckedText<FeatureValueRule>;
using Tag = CheckedText<TagRule>;
using LabelName = CheckedText<LabelNameRule>;
using PoolName = CheckedText<PoolNameRule>;
using Uuid = CheckedText<UuidRule>;

// Version 4, from the kernel's random numbers.
[[nodiscard]] Uuid random_uuid();
[[nodiscard]] Uuid nil_uuid();

}  // namespace bh::dom0
