#include "qrexec/policy/file_parser.h"

#include <algorithm>

#include "qrexec/policy/loader.h"

namespace bh::policy {
namespace {

using Words = std::vector<Word>;
using ItemResult = Result<Item, LineError>;

Location on_line(Location at, std::size_t line, std::size_t column) {
  at.line = line;
  at.column = column;
  return at;
}

LineError wrong_count(std::string_view directive, std::string_view form) {
  return {0, "invalid number of params for " + std::string(directive), "write: " + std::string(form)};
}

ItemResult include_service(Words const& words, Location at) {
  if (words.size() != 4) return Failure{wrong_count("!include-service", "!include-service SERVICE ARGUMENT PATH")};
  BH_TRY(pattern, parse_service_pattern(words[1], words[2]));
  return Item{IncludeService{std::move(pattern), std::string(words[3].text), std::move(at)}};
}

ItemResult new_style_directive(Words const& words, Location at) {
  std::string_view const name = words.front().text;
  if (name == "!include") {
    if (words.size() != 2) return Failure{wrong_count(name, "!include PATH")};
    return Item{IncludeFile{std::string(words[1].text), std::move(at)}};
  }
  if (name == "!include-dir") {
    if (words.size() != 2) return Failure{wrong_count(name, "!include-dir PATH")};
    return Item{IncludeFolder{std::string(words[1].text), std::move(at)}};
  }
  if (name == "!include-service") return include_service(words, std::move(at));
  if (name == "!compat-4.0") {
    if (words.size() != 1) return Failure{wrong_count(name, "!compat-4.0")};
    return Item{IncludeLegacy{std::move(at)}};
  }
  return Failure{LineError{words.front().column, "invalid directive '" + std::string(name) + "'",
                           "known: !include !include-dir !include-service !compat-4.0"}};
}

ItemResult new_style_line(Words const& words, Location at) {
  if (words.front().text.starts_with('!')) return new_style_directive(words, std::move(at));
  auto rule = parse_rule(words, std::move(at));
  if (!rule) return Failure{std::move(rule).error()};
  return Item{*std::move(rule)};
}

ItemResult old_style_line(ServicePattern const& pattern, Words const& words, Location at) {
  if (words.front().text.starts_with('!')) {
    if (words.front().text != "!include") {
      return Failure{LineError{words.front().column, "invalid directive '" + std::string(words.front().text) + "'",
                               "only !include is known in an old-style file"}};
    }
    if (words.size() != 2) return Failure{wrong_count("!include", "!include PATH")};
    return Item{IncludeFile{std::string(words[1].text), std::move(at)}};
  }
  auto rule = parse_rule_of_service(pattern, words, std::move(at));
  if (!rule) return Failure{std::move(rule).error()};
  return Item{*std::move(rule)};
}

// Every replacement keeps the length, so columns stay true.
std::string modernised(std::string_view line) {
  constexpr std::string_view kOld = "$include:", kNew = "!include ";
  static_assert(kOld.size() == kNew.size());
  std::string text(line);
  for (std::size_t at = text.find(kOld); at != std::string::npos; at = text.find(kOld, at))
    text.replace(at, kOld.size(), kNew);
  std::replace(text.begin(), text.end(), '$', '@');
  std::replace(text.begin(), text.end(), ',', ' ');
  return text;
}

// False: the file cannot be read as text at all.
bool check_encoding(Location const& file, std::string_view text, Problems& problems) {
  if (text.starts_with("\xEF\xBB\xBF")) {
    problems.push_back({ProblemKind::syntax, on_line(file, 1, 1), "file starts with a byte order mark",
                        "save it as UTF-8 without BOM"});
    return false;
  }
  if (auto const bad = first_invalid_utf8(text)) {
    auto const before = split_lines(text.substr(0, *bad));
    std::size_t const line = std::max<std::size_t>(before.size(), 1);
    problems.push_back({ProblemKind::syntax, on_line(file, line, 0), "not valid UTF-8",
                        "byte " + std::to_string(*bad) + " of the file"});
    return false;
  }
  return true;
}

template <class ParseLine>
ParsedFile parse_lines(Location const& file, std::string_view text, ParseLine&& parse_line) {
  ParsedFile parsed;
  if (!check_encoding(file, text, parsed.problems)) return parsed;
  std::size_t number = 0;
  for (std::string_view const line : split_lines(text)) {
    ++number;
    if (parsed.problems.size() >= kMaxProblems) break;
    if (line.size() > kMaxLineSize) {
      parsed.problems.push_back({ProblemKind::syntax,
                                 on_line(file, number, 0),
                                 "line is longer than " + std::to_string(kMaxLineSize) + " bytes",
                                 {}});
      continue;
    }
    auto item = parse_line(line, on_line(file, number, 0));
    if (!item) {
      LineError const& error = item.error();
      parsed.problems.push_back({ProblemKind::syntax, on_line(file, number, error.column), error.message, error.hint});
    } else if (*item) {
      parsed.items.push_back(std::move(**item));
    }
  }
  return parsed;
}

using MaybeItem = Result<std::optional<Item>, LineError>;

MaybeItem maybe(ItemResult item) {
  if (!item) return Failure{std::move(item).error()};
  return std::optional<Item>(*std::move(item));
}

bool is_empty(Words const& words) { return words.empty() || words.front().text.starts_with('#'); }

}  // namespace

ParsedFile parse_new_style(Location const& file, std::string_view text) {
  return parse_lines(file, text, [](std::string_view line, Location at) -> MaybeItem {
    Words const words = split_words(line);
    if (is_empty(words)) return std::optional<Item>{};
    return maybe(new_style_line(words, std::move(at)));
  });
}

ParsedFile parse_old_style(ServicePattern const& pattern, Location const& file, std::string_view text) {
  return parse_lines(file, text, [&pattern](std::string_view line, Location at) -> MaybeItem {
    std::string const modern = modernised(line);
    Words const words = split_words(modern);
    if (is_empty(words)) return std::optional<Item>{};
    return maybe(old_style_line(pattern, words, std::move(at)));
  });
}

SingleFile parse_single_file(std::string const& name, std::string_view text) {
  ParsedFile parsed = parse_new_style(Location{{}, name, 0, 0}, text);
  SingleFile single{{}, std::move(parsed.problems)};
  for (Item& item : parsed.items) {
    if (auto* rule = std::get_if<Rule>(&item)) single.rules.push_back(std::move(*rule));
  }
  return single;
}

}  // namespace bh::policy
