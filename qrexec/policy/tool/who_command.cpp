#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/display_text.h"
#include "qrexec/policy/survey.h"
#include "qrexec/policy/tool/inputs.h"

namespace bh::policy::tool {
namespace {

// "dvm" also means new disposables made of it, which are told apart by their "@dispvm:".
bool is_target(Reach const& reach, std::optional<std::string> const& wanted) {
  return !wanted || reach.target == *wanted || reach.target == "@dispvm:" + *wanted;
}

void print_json(std::vector<Reach> const& found) {
  using Json = nlohmann::json;
  Json out = Json::array();
  for (Reach const& reach : found) {
    out.push_back({{"source", reach.source},
                   {"target", reach.target},
                   {"call", reach.call.for_people()},
                   {"action", reach.asks ? "ask" : "allow"},
                   {"user", reach.user ? Json(*reach.user) : Json(nullptr)},
                   {"rule", {{"folder", reach.rule.folder}, {"file", reach.rule.file}, {"line", reach.rule.line}}}});
  }
  std::cout << out.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
}

// What differs in the target only is told in one line.
void print_text(std::vector<Reach> const& found) {
  using Key = std::tuple<std::string, std::string, bool, std::string, std::string>;
  std::map<Key, std::vector<std::string>> lines;
  for (Reach const& reach : found) {
    lines[{reach.source, reach.call.for_people(), reach.asks, reach.user.value_or(""), reach.rule.for_people()}].push_back(reach.target);
  }
  std::size_t source_width = 0, call_width = 0;
  for (auto const& [key, targets] : lines) {
    source_width = std::max(source_width, std::get<0>(key).size());
    call_width = std::max(call_width, std::get<1>(key).size());
  }
  auto const padded = [](std::string text, std::size_t width) {
    text.resize(std::max(width, text.size()), ' ');
    return for_display(text);
  };
  for (auto const& [key, targets] : lines) {
    auto const& [source, call, asks, user, rule] = key;
    std::cout << padded(source, source_width) << "  " << padded(call, call_width) << "  " << (asks ? "ask  " : "allow") << " ->";
    for (std::string const& target : targets) std::cout << " " << for_display(target);
    if (!user.empty()) std::cout << "  as " << for_display(user);
    std::cout << "  (" << for_display(rule) << ")\n";
  }
}

}  // namespace

int run_who(Where const& where, WhoOptions const& options) {
  if (!options.to && !options.from && !options.service) return usage("who needs --to QUBE, --from QUBE or --service SERVICE");
  auto const world = load_world(where);
  if (!world) return world.error();
  if (options.to && world->info.find(options.to->starts_with("@dispvm:") ? options.to->substr(8) : *options.to) == nullptr) {
    return unreadable("there is no qube " + *options.to);
  }
  auto const scope = survey_scope(calls_of(world->policy), world->info, {options.from, options.service});
  if (!scope) return unreadable(scope.error());
  std::vector<Reach> found = reaches(world->policy, world->info, *scope);
  std::erase_if(found, [&](Reach const& reach) { return !is_target(reach, options.to) || (options.without_ask && reach.asks); });
  if (where.json) {
    print_json(found);
  } else if (found.empty()) {
    std::cout << "nobody and nothing: every such call is denied\n";
  } else {
    print_text(found);
  }
  return found.empty() ? 1 : 0;
}

}  // namespace bh::policy::tool
