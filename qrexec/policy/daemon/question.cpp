#include "qrexec/policy/daemon/question.h"

#include <map>

namespace bh::policy {
namespace {

using Pairs = std::map<std::string_view, std::string_view>;

Result<Pairs, std::string> pairs_of(std::string_view text) {
  Pairs pairs;
  for (;;) {
    std::size_t const end = text.find('\n');
    if (end == std::string_view::npos) return Failure{std::string("it does not end with an empty line")};
    std::string_view const line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.empty()) break;
    if (line.size() > kMaxQuestionLine) return Failure{std::string("a line is too long")};
    for (char const c : line) {
      if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E) {
        return Failure{std::string("a byte that is no printable ASCII")};
      }
    }
    std::size_t const equals = line.find('=');
    if (equals == std::string_view::npos) return Failure{std::string("a line without '='")};
    if (!pairs.emplace(line.substr(0, equals), line.substr(equals + 1)).second) return Failure{std::string("a key twice")};
  }
  if (!text.empty()) return Failure{std::string("something after the empty line")};
  return pairs;
}

std::optional<std::string> take(Pairs& pairs, std::string_view key) {
  auto const found = pairs.find(key);
  if (found == pairs.end()) return std::nullopt;
  std::string value(found->second);
  pairs.erase(found);
  return value;
}

Result<bool, std::string> take_flag(Pairs& pairs, std::string_view key) {
  auto const value = take(pairs, key);
  if (!value || *value == "no") return false;
  if (*value == "yes") return true;
  return Failure{std::string(key) + " is neither yes nor no"};
}

}  // namespace

bool is_whole_question(std::string_view text) { return text.starts_with('\n') || text.find("\n\n") != std::string_view::npos; }

Result<Question, std::string> parse_question(std::string_view text) {
  if (text.size() > kMaxQuestion) return Failure{std::string("it is too long")};
  BH_TRY(pairs, pairs_of(text));
  auto source = take(pairs, "source");
  auto target = take(pairs, "intended_target");
  auto service = take(pairs, "service_and_arg");
  auto requested_source = take(pairs, "requested_source");
  BH_TRY(assume_yes, take_flag(pairs, "assume_yes_for_ask"));
  BH_TRY(just_evaluate, take_flag(pairs, "just_evaluate"));
  if (!pairs.empty()) return Failure{std::string("an unknown key")};
  if (!source || !target || !service) return Failure{std::string("a required key is missing")};
  if (requested_source && requested_source->empty()) requested_source.reset();
  return Question{*std::move(source), *std::move(target), *std::move(service), std::move(requested_source), assume_yes, just_evaluate};
}

Result<EvalQuestion, std::string> parse_eval_question(std::string_view text, std::string_view service) {
  std::size_t const end = text.find('\0');
  if (end == std::string_view::npos || end > kMaxQuestionLine) return Failure{std::string("the header does not end")};
  std::string_view const header = text.substr(0, end), body = text.substr(end + 1);
  std::size_t const blank = header.find(' ');
  std::string_view const called = header.substr(0, blank);
  if (blank == std::string_view::npos || !called.starts_with(std::string(service) + "+")) return Failure{std::string("a bad header")};
  std::string_view caller = header.substr(blank + 1);
  caller = caller.substr(0, caller.find(' '));
  std::size_t const middle = body.find('\0');
  if (body.size() > kMaxEvalBody || middle == std::string_view::npos) return Failure{std::string("a bad body")};
  std::string_view const source = body.substr(0, middle), target = body.substr(middle + 1);
  if (source.empty() || source.size() > 31 || target.empty() || target.size() > 63 || caller.empty()) {
    return Failure{std::string("a name that is empty or too long")};
  }
  Question question{std::string(source), std::string(target), std::string(called.substr(service.size() + 1)), std::nullopt, true, true};
  return EvalQuestion{std::string(caller), std::move(question)};
}

}  // namespace bh::policy
