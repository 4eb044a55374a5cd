#include "qrexec/policy/rule_parser.h"

#include <algorithm>
#include <map>

namespace bh::policy {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

LineError error_at(Word word, std::string message, std::string hint = {}) {
  return {word.column, std::move(message), std::move(hint)};
}

using Parameters = std::map<std::string_view, Word>;

Result<Parameters, LineError> parse_parameters(std::span<Word const> words) {
  Parameters parameters;
  for (Word const word : words) {
    std::size_t const equals = word.text.find('=');
    if (equals == std::string_view::npos) {
      bool const comment = word.text.starts_with('#');
      return Failure{error_at(word, "invalid action parameter syntax: '" + std::string(word.text) + "'",
                              comment ? "a comment needs a line of its own" : "write NAME=VALUE, separated by blanks")};
    }
    Word const value{word.text.substr(equals + 1), word.column + equals + 1};
    if (!parameters.emplace(word.text.substr(0, equals), value).second) {
      return Failure{error_at(word, "parameter given twice: '" + std::string(word.text.substr(0, equals)) + "'")};
    }
  }
  return parameters;
}

// Takes parameters one by one; what is left at the end was not allowed for the action.
class ParameterReader {
 public:
  ParameterReader(Word action, Parameters parameters) : action_(action), left_(std::move(parameters)) {}

  Result<std::optional<Token>, LineError> redirect(std::string_view name) {
    auto const value = take(name);
    if (!value) return std::optional<Token>{};
    auto token = parse_token(value->text, TokenPlace::redirect);
    if (!token) {
      return Failure{error_at(*value, std::move(token).error(),
                              "a redirect names one target: a qube, dom0, @dispvm or @dispvm:TEMPLATE")};
    }
    return std::optional<Token>{*std::move(token)};
  }
  Result<std::optional<std::string>, LineError> text(std::string_view name) {
    auto const value = take(name);
    if (!value) return std::optional<std::string>{};
    if (value->text.empty()) {
      return Failure{
          error_at(*value, "parameter '" + std::string(name) + "' is empty", "leave it out for the default")};
    }
    return std::optional<std::string>{std::string(value->text)};
  }
  Result<bool, LineError> flag(std::string_view name, bool fallback) {
    auto const value = take(name);
    if (!value) return fallback;
    if (value->text == "yes") return true;
    if (value->text == "no") return false;
    return Failure{error_at(*value, "parameter '" + std::string(name) + "' can be only 'yes' or 'no'")};
  }
  Result<void, LineError> finish() const {
    if (left_.empty()) return {};
    auto const& [name, value] = *left_.begin();
    return Failure{
        LineError{value.column - name.size() - 1,
                  "invalid parameters for action " + std::string(action_.text) + ": '" + std::string(name) + "'",
                  "allow takes target user notify autostart; ask also default_target; deny only notify"}};
  }

 private:
  std::optional<Word> take(std::string_view name) {
    auto const found = left_.find(name);
    if (found == left_.end()) return std::nullopt;
    Word const value = found->second;
    left_.erase(found);
    return value;
  }
  Word action_;
  Parameters left_;
};

Result<Action, LineError> parse_allow(ParameterReader& reader, Token const& target, Word word) {
  AllowAction action;
  BH_TRY(redirect, reader.redirect("target"));
  BH_TRY(user, reader.text("user"));
  BH_TRY(notify, reader.flag("notify", false));
  BH_TRY(autostart, reader.flag("autostart", true));
  BH_CHECK(reader.finish());
  if (target.kind == TokenKind::default_target && !redirect) {
    return Failure{error_at(word, "allow action for @default rule must specify target= option", "add target=QUBE")};
  }
  return Action{AllowAction{std::move(redirect), std::move(user), notify, autostart}};
}

Result<Action, LineError> parse_ask(ParameterReader& reader) {
  BH_TRY(redirect, reader.redirect("target"));
  BH_TRY(preselected, reader.redirect("default_target"));
  BH_TRY(user, reader.text("user"));
  BH_TRY(notify, reader.flag("notify", false));
  BH_TRY(autostart, reader.flag("autostart", true));
  BH_CHECK(reader.finish());
  return Action{AskAction{std::move(redirect), std::move(preselected), std::move(user), notify, autostart}};
}

Result<Action, LineError> parse_deny(ParameterReader& reader) {
  BH_TRY(notify, reader.flag("notify", true));
  BH_CHECK(reader.finish());
  return Action{DenyAction{notify}};
}

Result<Action, LineError> parse_action(std::span<Word const> words, Token const& target) {
  Word const action = words.front();
  if (action.text != "allow" && action.text != "ask" && action.text != "deny") {
    return Failure{error_at(action, "invalid action: '" + std::string(action.text) + "'",
                            "one of allow, ask, deny in lower case; parameters follow after a blank, not a comma")};
  }
  BH_TRY(parameters, parse_parameters(words.subspan(1)));
  ParameterReader reader(action, std::move(parameters));
  if (action.text == "allow") return parse_allow(reader, target, action);
  if (action.text == "ask") return parse_ask(reader);
  return parse_deny(reader);
}

Result<Token, LineError> token_at(Word word, TokenPlace place) {
  auto token = parse_token(word.text, place);
  if (token) return *std::move(token);
  std::string_view const hint =
      word.text.starts_with('@') ? "tokens: @anyvm @adminvm @default @dispvm @dispvm:NAME @tag:TAG @type:CLASS" : "";
  return Failure{error_at(word, std::move(token).error(), std::string(hint))};
}

}  // namespace

bool is_service_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_name_character);
}

bool is_argument(std::string_view text) {
  return text.starts_with('+') &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_name_character(c) || c == '+'; });
}

Result<ServicePattern, LineError> parse_service_pattern(Word service, Word argument) {
  ServicePattern pattern;
  if (service.text != "*") {
    if (!is_service_name(service.text)) {
      bool const joined = service.text.find('+') != std::string_view::npos;
      return Failure{error_at(
          service, "service '" + std::string(service.text) + "' contains invalid characters",
          joined ? "the argument is a field of its own: SERVICE +ARGUMENT" : "letters, digits and . _ - only")};
    }
    pattern.service = std::string(service.text);
  }
  if (argument.text == "*") return pattern;
  if (!argument.text.starts_with('+')) {
    return Failure{error_at(argument, "argument '" + std::string(argument.text) + "' does not start with +",
                            "* for any, + for none, +TEXT for exactly TEXT")};
  }
  if (!pattern.service) return Failure{error_at(argument, "only * argument allowed for * service")};
  if (!is_argument(argument.text)) {
    return Failure{error_at(argument, "argument '" + std::string(argument.text) + "' contains invalid characters")};
  }
  pattern.argument = std::string(argument.text);
  return pattern;
}

Result<Rule, LineError> parse_rule_of_service(ServicePattern pattern, std::span<Word const> words, Location at) {
  if (words.size() < 3) {
    return Failure{LineError{0, "wrong number of fields: " + std::to_string(words.size()),
                             "SOURCE TARGET ACTION [PARAM=VALUE]..."}};
  }
  BH_TRY(source, token_at(words[0], TokenPlace::source));
  BH_TRY(target, token_at(words[1], TokenPlace::target));
  BH_TRY(action, parse_action(words.subspan(2), target));
  return Rule{std::move(pattern.service), std::move(pattern.argument), std::move(source),
              std::move(target),          std::move(action),           std::move(at)};
}

Result<Rule, LineError> parse_rule(std::span<Word const> words, Location at) {
  if (words.size() < 5) {
    return Failure{LineError{0, "wrong number of fields: " + std::to_string(words.size()),
                             "SERVICE ARGUMENT SOURCE TARGET ACTION [PARAM=VALUE]..."}};
  }
  BH_TRY(pattern, parse_service_pattern(words[0], words[1]));
  return parse_rule_of_service(std::move(pattern), words.subspan(2), std::move(at));
}

}  // namespace bh::policy
