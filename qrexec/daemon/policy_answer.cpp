#include "qrexec/daemon/policy_answer.h"

#include <map>

namespace bh::qrexec {

namespace {

using Pairs = std::map<std::string, std::string, std::less<>>;

Result<Pairs, std::string> split(std::string_view text) {
  Pairs pairs;
  while (!text.empty()) {
    std::size_t const end = text.find('\n');
    std::string_view const line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    std::size_t const equals = line.find('=');
    if (equals == std::string_view::npos) return Failure{std::string("a line without '='")};
    if (!pairs.emplace(line.substr(0, equals), line.substr(equals + 1)).second) return Failure{std::string("a key twice")};
  }
  return pairs;
}

std::optional<std::string> value_of(Pairs const& pairs, std::string_view key) {
  auto const found = pairs.find(key);
  if (found == pairs.end()) return std::nullopt;
  return found->second;
}

// One word of a command line that is put together from it.
bool one_word(std::string const& text) {
  return !text.empty() && text.find_first_of(" \t\r") == std::string::npos && text.find('/') == std::string::npos;
}

}  // namespace

Result<PolicyAnswer, std::string> parse_policy_answer(std::string_view text) {
  if (text.empty() || text.size() > kMaxPolicyAnswer) return Failure{std::string("empty or longer than 4095 bytes")};
  if (text.find('\0') != std::string_view::npos) return Failure{std::string("it holds a NUL")};
  BH_TRY(pairs, split(text));
  auto const result = value_of(pairs, "result");
  auto const user = value_of(pairs, "user");
  auto const target = value_of(pairs, "target");
  auto const requested = value_of(pairs, "requested_target");
  auto const autostart = value_of(pairs, "autostart");
  if (result == "deny") {
    if (user || target || requested || autostart) return Failure{std::string("a deny with the keys of an allow")};
    return PolicyAnswer(PolicyDeny{});
  }
  if (result != "allow") return Failure{std::string("neither allow nor deny")};
  if (!user || !target || !requested || !autostart) return Failure{std::string("an allow that lacks a key")};
  if (autostart != "True" && autostart != "False") return Failure{std::string("autostart is neither True nor False")};
  if (!one_word(*user) || user->find(':') != std::string::npos || !one_word(*target) || !one_word(*requested)) {
    return Failure{std::string("a name that is empty or holds blanks")};
  }
  PolicyAllow allow{*user, *target, value_of(pairs, "target_uuid"), autostart == "True", *requested, value_of(pairs, "service"),
                    value_of(pairs, "policy_source")};
  if ((allow.policy_source && !one_word(*allow.policy_source)) || (allow.target_uuid && !one_word(*allow.target_uuid))) {
    return Failure{std::string("a name that is empty or holds blanks")};
  }
  return PolicyAnswer(std::move(allow));
}

}  // namespace bh::qrexec
