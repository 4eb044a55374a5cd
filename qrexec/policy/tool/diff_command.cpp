#include <iostream>
#include <nlohmann/json.hpp>

#include "base/display_text.h"
#include "qrexec/policy/difference.h"
#include "qrexec/policy/tool/inputs.h"

namespace bh::policy::tool {
namespace {

nlohmann::json place(std::optional<Location> const& at) {
  if (!at) return nullptr;
  return {{"folder", at->folder}, {"file", at->file}, {"line", at->line}};
}

void print_json(std::vector<Difference> const& all) {
  using Json = nlohmann::json;
  Json out = Json::array();
  for (Difference const& one : all) {
    out.push_back({{"source", one.source},
                   {"call", one.call.for_people()},
                   {"targets", one.targets},
                   {"before", one.before},
                   {"after", one.after},
                   {"rule_before", place(one.rule_before)},
                   {"rule_after", place(one.rule_after)}});
  }
  std::cout << out.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
}

void print_text(std::vector<Difference> const& all) {
  auto const where = [](std::optional<Location> const& at) { return at ? " (" + for_display(at->for_people()) + ")" : std::string(); };
  for (Difference const& one : all) {
    std::cout << for_display(one.source) << " " << for_display(one.call.for_people()) << " ->";
    for (std::string const& target : one.targets) std::cout << " " << for_display(target);
    std::cout << "\n  - " << for_display(one.before) << where(one.rule_before) << "\n  + " << for_display(one.after)
              << where(one.rule_after) << "\n";
  }
  if (all.empty()) std::cout << "no call is decided differently\n";
}

}  // namespace

int run_diff(Where const& where, DiffOptions const& options) {
  auto const world = load_world(where);
  if (!world) return world.error() == 1 ? 2 : world.error();
  auto const other = load_policy(DiskPolicyFiles(), {options.with, options.with_legacy});
  if (!other) {
    print_problems(std::cerr, other.error(), "error");
    return unreadable("the other policy does not load");
  }
  auto calls = calls_of(world->policy);
  calls.merge(calls_of(*other));
  auto const scope = survey_scope(calls, world->info, {options.source, options.service});
  if (!scope) return unreadable(scope.error());
  auto const all = differences(world->policy, *other, world->info, *scope);
  where.json ? print_json(all) : print_text(all);
  return all.empty() ? 0 : 1;
}

}  // namespace bh::policy::tool
