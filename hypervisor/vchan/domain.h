// Names and numbers of domains, as every part that talks across a channel needs them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/strong_number.h"

namespace bh {

// A running domain's number: 0 is dom0, a qube has 1..0x7FEE (gui.md 5). Given by dom0 at every start, never reused within one boot.
using DomainId = StrongNumber<struct DomainIdTag, std::uint16_t>;
inline constexpr DomainId kDom0{0};
inline constexpr std::uint16_t kMaxDomainId = 0x7FEF;
// What the programs of a snapshot call their own qube (docs/warm-start.md); no running qube ever has it.
inline constexpr DomainId kCloneAlias{kMaxDomainId};
[[nodiscard]] std::optional<DomainId> parse_domain_id(std::string_view text);

enum class NameError { empty, too_long, bad_character, reserved };
[[nodiscard]] char const* to_string(NameError error);

// A qube's name: [A-Za-z][A-Za-z0-9_.-]*, at most 31 characters, not Domain-0, none, default, not ending in -dm (admin-api.md 2).
// dom0 is a DomainName too.
class DomainName {
 public:
  static Result<DomainName, NameError> parse(std::string_view text);
  static DomainName dom0();
  [[nodiscard]] std::string const& text() const { return text_; }
  friend bool operator==(DomainName const&, DomainName const&) = default;
  friend auto operator<=>(DomainName const&, DomainName const&) = default;

 private:
  explicit DomainName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace bh
