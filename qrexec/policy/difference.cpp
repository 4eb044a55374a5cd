#include "qrexec/policy/difference.h"

#include <map>
#include <tuple>

namespace bh::policy {
namespace {

// Everything that a caller or its target would notice; who said no is not among it.
std::string effect(Decision const& decision, std::string const& wish) {
  std::string text;
  auto const details = [&](auto const& of) {
    if (of.user) text += " user=" + *of.user;
    if (!of.autostart) text += " autostart=no";
    if (of.notify) text += " notify=yes";
  };
  if (auto const* allow = std::get_if<Allow>(&decision.outcome)) {
    text = "allow " + (allow->target == wish ? std::string("%") : allow->target);
    if (allow->service) text += " as " + *allow->service;
    details(*allow);
  } else if (auto const* ask = std::get_if<Ask>(&decision.outcome)) {
    text = "ask";
    for (std::string const& choice : ask->choices) text += " " + choice;
    if (ask->preselected) text += " default_target=" + *ask->preselected;
    details(*ask);
  } else {
    text = std::get<Deny>(decision.outcome).notify ? "deny" : "deny notify=no";
  }
  return text;
}

std::string place(std::optional<Location> const& rule) { return rule ? rule->for_people() : std::string(); }

}  // namespace

std::vector<Difference> differences(Policy const& before, Policy const& after, SystemInfo const& info, SurveyScope const& scope) {
  using Key = std::tuple<std::string, Call, std::string, std::string, std::string, std::string>;
  std::map<Key, Difference> found;
  for (std::string const& source : scope.sources) {
    for (Call const& call : scope.calls) {
      for (std::string const& wish : scope.wishes) {
        Decision const old = survey_one(before, info, source, call, wish);
        Decision const fresh = survey_one(after, info, source, call, wish);
        std::string const was = effect(old, wish), is = effect(fresh, wish);
        if (was == is) continue;
        Key key{source, call, was, is, place(old.rule), place(fresh.rule)};
        auto& entry = found.try_emplace(std::move(key), Difference{source, call, was, is, {}, old.rule, fresh.rule}).first->second;
        entry.targets.push_back(wish.empty() ? "@default" : wish);
      }
    }
  }
  std::vector<Difference> all;
  for (auto& [key, entry] : found) all.push_back(std::move(entry));
  return all;
}

}  // namespace bh::policy
