#include "hypervisor/vchan/domain.h"

#include "base/number.h"

namespace bh {

std::optional<DomainId> parse_domain_id(std::string_view text) {
  auto const value = parse_decimal(text, kMaxDomainId);
  if (!value) return std::nullopt;
  return DomainId(static_cast<std::uint16_t>(*value));
}

char const* to_string(NameError error) {
  switch (error) {
    case NameError::empty: return "a qube name may not be empty";
    case NameError::too_long: return "a qube name has at most 31 characters";
    case NameError::bad_character: return "a qube name begins with a letter and holds only letters, digits, '_', '.' and '-'";
    case NameError::reserved: return "this name is reserved";
  }
  return "bad qube name";
}

namespace {
bool letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool allowed(char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-'; }
}  // namespace

Result<DomainName, NameError> DomainName::parse(std::string_view text) {
  if (text.empty()) return Failure{NameError::empty};
  if (text.size() > 31) return Failure{NameError::too_long};
  if (!letter(text.front())) return Failure{NameError::bad_character};
  for (char const c : text) {
    if (!allowed(c)) return Failure{NameError::bad_character};
  }
  if (text == "Domain-0" || text == "none" || text == "default" || text.ends_with("-dm")) {
    return Failure{NameError::reserved};
  }
  return DomainName(std::string(text));
}

DomainName DomainName::dom0() { return DomainName("dom0"); }

}  // namespace bh
