#include "qrexec/policy/survey.h"

#include <map>
#include <tuple>

namespace bh::policy {
namespace {

using Key = std::tuple<std::string, std::string, Call>;

class Collector {
 public:
  void add(Reach reach) {
    Key key{reach.source, reach.target, reach.call};
    auto const [place, fresh] = found_.try_emplace(std::move(key), reach);
    if (!fresh && place->second.asks && !reach.asks) place->second = std::move(reach);
  }
  std::vector<Reach> take() {
    std::vector<Reach> all;
    for (auto& [key, reach] : found_) all.push_back(std::move(reach));
    return all;
  }

 private:
  std::map<Key, Reach> found_;
};

bool selected(Call const& call, std::optional<std::string> const& wanted) {
  if (!wanted) return true;
  std::size_t const plus = wanted->find('+');
  return call.service == wanted->substr(0, plus) && (plus == std::string::npos || call.argument == wanted->substr(plus));
}

}  // namespace

std::string Call::for_people() const {
  if (service == kAnyOther) return "*";
  if (argument == "+") return service;
  return service + (argument == kAnyOtherArgument ? std::string("+*") : argument);
}

std::set<Call> calls_of(Policy const& policy) {
  std::set<Call> calls{{std::string(kAnyOther), "+"}};
  for (Rule const& rule : policy.rules()) {
    if (!rule.service) continue;
    calls.insert({*rule.service, "+"});
    // Where no rule asks for the argument, all arguments fare alike.
    if (!rule.argument) continue;
    calls.insert({*rule.service, *rule.argument});
    calls.insert({*rule.service, std::string(kAnyOtherArgument)});
  }
  return calls;
}

std::vector<std::string> wishes_of(SystemInfo const& info) {
  std::vector<std::string> wishes{"", "@dispvm"};
  for (auto const& [name, qube] : info.qubes()) {
    wishes.push_back(name);
    if (qube.template_for_dispvms) wishes.push_back("@dispvm:" + name);
  }
  return wishes;
}

std::vector<std::string> sources_of(SystemInfo const& info) {
  std::vector<std::string> sources;
  for (auto const& [name, qube] : info.qubes()) {
    if (name != "dom0") sources.push_back(name);
  }
  return sources;
}

Result<SurveyScope, std::string> survey_scope(std::set<Call> const& calls, SystemInfo const& info, SurveyFilter const& filter) {
  SurveyScope scope{sources_of(info), {}, wishes_of(info)};
  if (filter.source) {
    if (info.find(*filter.source) == nullptr) return Failure{"there is no qube " + *filter.source};
    scope.sources = {info.find(*filter.source)->name};
  }
  for (Call const& call : calls) {
    if (selected(call, filter.service)) scope.calls.push_back(call);
  }
  if (filter.service && scope.calls.empty()) {
    // No rule names it, so it fares as any other.
    std::size_t const plus = filter.service->find('+');
    scope.calls.push_back({filter.service->substr(0, plus), plus == std::string::npos ? "+" : filter.service->substr(plus)});
  }
  std::size_t const size = scope.sources.size() * scope.calls.size() * scope.wishes.size();
  if (size > kMaxSurvey) {
    return Failure{std::to_string(size) + " calls would have to be decided, more than " + std::to_string(kMaxSurvey) +
                   ": narrow it with --source or --service"};
  }
  return scope;
}

Decision survey_one(Policy const& policy, SystemInfo const& info, std::string const& source, Call const& call,
                    std::string const& wish) {
  auto const request = Request::parse({source, wish, call.service, call.argument, {}});
  if (!request) return refusal(DenyReason::request, request.error());
  return decide(policy, info, *request);
}

std::vector<Reach> reaches(Policy const& policy, SystemInfo const& info, SurveyScope const& scope) {
  Collector found;
  for (std::string const& source : scope.sources) {
    for (Call const& call : scope.calls) {
      for (std::string const& wish : scope.wishes) {
        Decision const decision = survey_one(policy, info, source, call, wish);
        if (auto const* allow = std::get_if<Allow>(&decision.outcome)) {
          found.add({source, allow->target, call, false, allow->user, *decision.rule});
        } else if (auto const* ask = std::get_if<Ask>(&decision.outcome)) {
          for (std::string const& choice : ask->choices) found.add({source, choice, call, true, ask->user, *decision.rule});
        }
      }
    }
  }
  return found.take();
}

}  // namespace bh::policy
