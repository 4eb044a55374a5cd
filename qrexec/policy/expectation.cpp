#include "qrexec/policy/expectation.h"

#include <algorithm>

#include "qrexec/policy/answer.h"
#include "qrexec/policy/rule_parser.h"
#include "qrexec/policy/words.h"

namespace bh::policy {
namespace {

constexpr std::string_view kForm = "write: SOURCE -> TARGET SERVICE[+ARGUMENT] allow|ask|deny [TARGET...] [user=USER] [reason=REASON]";

Failure<LineError> wrong(Word word, std::string message, std::string hint = {}) {
  return Failure{LineError{word.column, std::move(message), std::move(hint)}};
}

Result<Expectation, LineError> parse_line(std::vector<Word> const& words, Location at) {
  if (words.size() < 5 || words[1].text != "->") return wrong(words[0], "not an expectation", std::string(kForm));
  auto request = Request::parse(words[0].text, words[2].text, words[3].text);
  if (!request) return wrong(words[0], request.error(), std::string(kForm));
  Expectation expectation{*std::move(request), {}, {}, {}, {}, std::move(at)};
  using Outcome = Expectation::Outcome;
  std::string_view const outcome = words[4].text;
  if (outcome != "allow" && outcome != "ask" && outcome != "deny") return wrong(words[4], "neither allow nor ask nor deny");
  expectation.outcome = outcome == "allow" ? Outcome::allow : outcome == "ask" ? Outcome::ask : Outcome::deny;
  for (std::size_t i = 5; i < words.size(); ++i) {
    std::string_view const text = words[i].text;
    if (text.starts_with("user=") && expectation.outcome != Outcome::deny) {
      expectation.user = std::string(text.substr(5));
    } else if (text.starts_with("reason=") && expectation.outcome == Outcome::deny) {
      expectation.reason = std::string(text.substr(7));
    } else if (text.find('=') != std::string_view::npos || expectation.outcome == Outcome::deny ||
               (expectation.outcome == Outcome::allow && !expectation.targets.empty())) {
      return wrong(words[i], "'" + std::string(text) + "' is too much for " + std::string(outcome), std::string(kForm));
    } else {
      expectation.targets.emplace_back(text);
    }
  }
  return expectation;
}

std::string came_out(Decision const& decision) {
  std::string text = log_line(decision);
  if (auto const* ask = std::get_if<Ask>(&decision.outcome)) {
    text += ", offered:";
    for (std::string const& choice : ask->choices) text += " " + choice;
  }
  if (auto const* allow = std::get_if<Allow>(&decision.outcome)) text += ", user " + allow->user.value_or("DEFAULT");
  return text;
}

bool has_user(std::optional<std::string> const& wanted, std::optional<std::string> const& user) {
  return !wanted || user.value_or("DEFAULT") == *wanted;
}

bool met(Expectation const& expectation, Decision const& decision) {
  if (auto const* allow = std::get_if<Allow>(&decision.outcome)) {
    return expectation.outcome == Expectation::Outcome::allow && has_user(expectation.user, allow->user) &&
           (expectation.targets.empty() || expectation.targets.front() == allow->target);
  }
  if (auto const* ask = std::get_if<Ask>(&decision.outcome)) {
    return expectation.outcome == Expectation::Outcome::ask && has_user(expectation.user, ask->user) &&
           std::all_of(expectation.targets.begin(), expectation.targets.end(), [&](std::string const& target) {
             return std::find(ask->choices.begin(), ask->choices.end(), target) != ask->choices.end();
           });
  }
  return expectation.outcome == Expectation::Outcome::deny &&
         (!expectation.reason || deny_reason_name(std::get<Deny>(decision.outcome).reason) == *expectation.reason);
}

}  // namespace

Expectations parse_expectations(std::string const& file, std::string_view text) {
  Expectations parsed;
  std::size_t number = 0;
  for (std::string_view const line : split_lines(text)) {
    Location const at{{}, file, ++number, 0};
    auto const words = split_words(line);
    if (words.empty() || words.front().text.starts_with('#')) continue;
    if (parsed.all.size() >= kMaxExpectations) {
      parsed.problems.push_back({ProblemKind::syntax, at, "more than " + std::to_string(kMaxExpectations) + " expectations", {}});
      break;
    }
    auto expectation = parse_line(words, at);
    if (expectation) {
      parsed.all.push_back(*std::move(expectation));
      continue;
    }
    LineError const& error = expectation.error();
    parsed.problems.push_back({ProblemKind::syntax, Location{{}, file, number, error.column}, error.message, error.hint});
  }
  return parsed;
}

std::string unmet(Expectation const& expectation, Decision const& decision) {
  return met(expectation, decision) ? std::string() : came_out(decision);
}

}  // namespace bh::policy
