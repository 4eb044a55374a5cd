#include "hypervisor/vchan/guest_config.h"

#include <algorithm>
#include <set>

namespace bh::vchan {

char const* to_string(ConfigError error) {
  switch (error) {
    case ConfigError::too_long: return "the configuration is longer than 65536 bytes";
    case ConfigError::bad_key: return "a key is not [A-Z][A-Z0-9_]* of at most 64 characters";
    case ConfigError::bad_value: return "a value holds a character outside [A-Za-z0-9 ._:+,@/-]";
    case ConfigError::no_equals_sign: return "a line has no '='";
    case ConfigError::duplicate_key: return "a key occurs twice";
    case ConfigError::no_domain: return "VCHAN_DOMAIN is missing or not a qube's number";
    case ConfigError::bad_qube_domain: return "QUBE_DOMAIN is not a qube's number";
  }
  return "bad configuration";
}

namespace {

bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool key_character(char c) { return upper(c) || digit(c) || c == '_'; }
bool value_character(char c) {
  return upper(c) || digit(c) || (c >= 'a' && c <= 'z') || std::string_view(" ._:+,@/-").find(c) != std::string_view::npos;
}

bool good_key(std::string_view key) {
  return !key.empty() && key.size() <= GuestConfig::kMaxKey && upper(key.front()) && std::all_of(key.begin(), key.end(), key_character);
}

}  // namespace

Result<GuestConfig, ConfigError> GuestConfig::parse(std::string_view text) {
  if (text.size() > kMaxSize) return Failure{ConfigError::too_long};
  GuestConfig config;
  std::set<std::string_view> seen;
  std::optional<DomainId> own_number;
  std::optional<DomainId> domain;
  while (!text.empty()) {
    std::size_t const end = std::min(text.find('\n'), text.size());
    std::string_view const line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    std::size_t const equals = line.find('=');
    if (equals == std::string_view::npos) return Failure{ConfigError::no_equals_sign};
    std::string_view const key = line.substr(0, equals);
    std::string_view const value = line.substr(equals + 1);
    if (!good_key(key)) return Failure{ConfigError::bad_key};
    // GUARD: a value that ends the line, opens a quote or a comment would add settings of its own to the guest's units.
    if (!std::all_of(value.begin(), value.end(), value_character)) return Failure{ConfigError::bad_value};
    if (!seen.insert(key).second) return Failure{ConfigError::duplicate_key};
    if (key == "VCHAN_DOMAIN") own_number = parse_domain_id(value);
    if (key == "QUBE_DOMAIN") {
      domain = parse_domain_id(value);
      if (!domain || *domain == kDom0) return Failure{ConfigError::bad_qube_domain};
    }
    config.text_.append(line).append("\n");
  }
  if (!own_number || *own_number == kDom0) return Failure{ConfigError::no_domain};
  if (config.text_.size() > kMaxSize) return Failure{ConfigError::too_long};
  config.own_number_ = *own_number;
  config.domain_ = domain.value_or(*own_number);
  return config;
}

std::optional<std::string_view> GuestConfig::value(std::string_view key) const {
  std::string_view rest(text_);
  while (!rest.empty()) {
    std::string_view const line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == '=') return line.substr(key.size() + 1);
  }
  return std::nullopt;
}

}  // namespace bh::vchan
