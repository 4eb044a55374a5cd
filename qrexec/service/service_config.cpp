#include "qrexec/service/service_config.h"

#include <cstdint>
#include <set>
#include <variant>

#include "base/number.h"

namespace bh::qrexec {

namespace {

using Value = std::variant<bool, std::uint64_t, std::string>;

bool blank(char c) { return c == ' ' || c == '\t'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool key_character(char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_'; }

void skip_blanks(std::string_view& text) {
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
}

std::string_view take_word(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && !blank(text[length]) && text[length] != '#') ++length;
  std::string_view const word = text.substr(0, length);
  text.remove_prefix(length);
  return word;
}

Result<Value, std::string> take_value(std::string_view& text) {
  if (text.empty()) return Failure{std::string("the value is missing")};
  if (text.front() == '\'') {
    std::size_t const end = text.find('\'', 1);
    if (end == std::string_view::npos) return Failure{std::string("the text has no closing quote")};
    std::string value(text.substr(1, end - 1));
    text.remove_prefix(end + 1);
    return Value(std::move(value));
  }
  std::string_view const word = take_word(text);
  if (word == "true") return Value(true);
  if (word == "false") return Value(false);
  auto const number = parse_decimal(word, INT32_MAX);
  if (!number) return Failure{std::string("a value is true, false, a number or a text in single quotes")};
  return Value(*number);
}

Result<bool, std::string> as_bool(Value const& value, bool number_allowed) {
  if (auto const* truth = std::get_if<bool>(&value)) return *truth;
  auto const* number = std::get_if<std::uint64_t>(&value);
  if (!number_allowed || number == nullptr || *number > 1) return Failure{std::string("the value must be true or false")};
  return *number == 1;
}

Result<void, std::string> apply(ServiceConfig& config, std::string const& key, Value const& value) {
  if (key == "force-user") {
    auto const* user = std::get_if<std::string>(&value);
    if (user == nullptr || user->empty()) return Failure{std::string("the value must be a user's name in single quotes")};
    config.force_user = *user;
    return {};
  }
  bool* const target = key == "wait-for-session"          ? &config.wait_for_session
                       : key == "skip-service-descriptor" ? &config.skip_service_descriptor
                       : key == "exit-on-client-eof"      ? &config.exit_on_client_eof
                       : key == "exit-on-service-eof"     ? &config.exit_on_service_eof
                                                          : nullptr;
  if (target == nullptr) {
    config.unknown_keys.push_back(key);
    return {};
  }
  BH_TRY(truth, as_bool(value, key == "wait-for-session"));
  *target = truth;
  return {};
}

Result<void, std::string> parse_line(std::string_view line, ServiceConfig& config, std::set<std::string>& seen) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::string_view rest = line;
  skip_blanks(rest);
  if (rest.empty() || line.front() == '#') return {};
  if (!letter(line.front())) return Failure{std::string("a line begins with a key in its first column")};
  std::size_t length = 0;
  while (length < line.size() && key_character(line[length])) ++length;
  std::string const key(line.substr(0, length));
  rest = line.substr(length);
  skip_blanks(rest);
  if (rest.empty() || rest.front() != '=') return Failure{std::string("'=' is missing after the key")};
  rest.remove_prefix(1);
  skip_blanks(rest);
  BH_TRY(value, take_value(rest));
  skip_blanks(rest);
  if (!rest.empty() && rest.front() != '#') return Failure{std::string("something follows the value")};
  std::size_t const unknown = config.unknown_keys.size();
  BH_CHECK(apply(config, key, value));
  bool const known = config.unknown_keys.size() == unknown;
  if (known && !seen.insert(key).second) return Failure{std::string("the key is given twice")};
  return {};
}

}  // namespace

Result<ServiceConfig, ConfigError> parse_service_config(std::string_view text) {
  if (text.size() > kMaxServiceConfig) return Failure{ConfigError{0, "the file is longer than 64 KiB"}};
  if (text.find('\0') != std::string_view::npos) return Failure{ConfigError{0, "the file holds a NUL"}};
  ServiceConfig config;
  std::set<std::string> seen;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::size_t const end = text.find('\n');
    auto parsed = parse_line(text.substr(0, end), config, seen);
    if (!parsed) return Failure{ConfigError{number, std::move(parsed).error()}};
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  bool const socket_keys = config.skip_service_descriptor || config.exit_on_client_eof || config.exit_on_service_eof;
  if (config.force_user && socket_keys) {
    return Failure{ConfigError{0, "force-user cannot be combined with the keys of socket services"}};
  }
  return config;
}

}  // namespace bh::qrexec
