// RuleIndex: finds the first rule that matches a request without looking at the others. The same answer as going through all rules
// with match.h (a property test holds the two together), in a time that does not grow with their number.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "qrexec/policy/match.h"

namespace bh::policy {

class RuleIndex {
 public:
  explicit RuleIndex(std::span<Rule const> rules);

  // Position of the rule that decides. `target` is the wish after the check for existence.
  [[nodiscard]] std::optional<std::size_t> first_match(std::string_view service, std::string_view argument, Qube const& source,
                                                       Target const& target, SystemInfo const& info) const;
  // Positions of all rules that speak of this service, argument and source, whatever their target; ascending.
  [[nodiscard]] std::vector<std::size_t> of_source(std::string_view service, std::string_view argument,
                                                   Qube const& source) const;

 private:
  using TokenId = std::uint32_t;  // equal for tokens that match alike
  using Position = std::uint32_t;
  struct OfSource {
    std::unordered_map<TokenId, Position> first;  // by the target's token
    std::vector<Position> all;                    // ascending
  };
  using OfService = std::unordered_map<TokenId, OfSource>;  // by the source's token

  [[nodiscard]] std::vector<OfService const*> groups(std::string_view service, std::string_view argument) const;
  [[nodiscard]] std::vector<TokenId> source_ids(Qube const& source) const;
  [[nodiscard]] std::vector<TokenId> target_ids(Target const& target, Qube const& source, SystemInfo const& info) const;
  // Appends the id of a token that some rule has; what no rule says cannot match.
  void add_id(std::vector<TokenId>& ids, TokenKind kind, std::string_view value = {}) const;
  void add_qube(std::vector<TokenId>& ids, Qube const& qube) const;

  std::unordered_map<std::string, TokenId> ids_;
  std::unordered_map<std::string, OfService> groups_;
};

}  // namespace bh::policy
